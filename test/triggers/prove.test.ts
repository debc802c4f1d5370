import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it, onTestFinished } from 'vitest'
import { sleep } from '../../src/sleep.ts'
import { workerGroup } from '../../src/topics.ts'
import { useKafka } from '../support/kafka.ts'
import { useTopic } from '../support/topic.ts'
import { commandsOf, counting, recordsOf, sizeOf, untilCommitted, useSource } from './source.ts'

/** `npm run triggers:prove`; less of it with all the other tests. */
const { records, kills } =
  process.env.TRIGGERS_PROVE === undefined ? { records: 1_000, kills: 2 } : { records: 10_000, kills: 12 }
const KEYS = 200
const PARTITIONS = 2
const SHARE = Math.floor(records / (kills + 1))

/**
 * The commands of a share are more than one request takes, and take a while to make: so that there is a time in which
 * some are written, and nothing is committed.
 */
const slowly = {
  message: '"The sum is " & $string($sum([1..300].($ * 2)))',
  forwardedProps: `{ "padding": $pad("", ${Math.ceil((1_300_000 * PARTITIONS) / SHARE)}, "x") }`,
}

it(`makes of ${records} records ${records} runs, each executed once, through ${kills} times kill -9`, {
  timeout: 600_000,
}, async () => {
  const kafka = useKafka()
  const source = await useSource(kafka, PARTITIONS)
  const { agent, executed, doubles } = counting()
  await kafka.worker({ agents: { counting: agent } })
  const commands = useTopic(kafka.brokers, commandsOf(kafka.prefix)).records
  const triggers = await startProcess(kafka, await source.file({ ...source.basic, ...slowly }))
  const from = performance.now()

  for (let round = 0; round < kills; round += 1) {
    const before = commands.length
    await source.send(...recordsOf(SHARE, KEYS, round * SHARE))
    // The first one at once, the others at any place: some commands are there, their records not committed.
    const some = Math.floor((round / kills) * SHARE)
    while (commands.length <= before + some) await sleep(1)
    await triggers.killAndStartAgain()
  }
  const sent = kills * SHARE
  await source.send(...recordsOf(records - sent, KEYS, sent))
  expect(await untilCommitted(source.admin, source.groupId, source.topic)).toBe(records)
  const written = await untilCommitted(source.admin, workerGroup(kafka.prefix), commandsOf(kafka.prefix))

  const seconds = (performance.now() - from) / 1_000
  const distinct = new Set(commands.map(({ value }) => JSON.parse(value ?? 'null').commandId)).size
  process.stderr.write(
    `${records} records, ${kills} kills: ${written} commands written, ${distinct} distinct, ` +
      `${executed.size} runs executed, ${doubles().length} doubles, ` +
      `${records - executed.size} lost, ${seconds.toFixed(1)} s\n`,
  )
  expect(await sizeOf(source.admin, source.topic)).toBe(records)
  // The kills hit: else this would show nothing. So few as with all the other tests may miss.
  if (process.env.TRIGGERS_PROVE !== undefined) expect(written).toBeGreaterThan(records)
  expect(written).toBeGreaterThanOrEqual(records)
  expect(executed.size).toBe(records)
  expect(doubles()).toEqual([])
})

/** `kar triggers`, in a process of its own. */
const startProcess = async (
  { brokers, prefix }: { brokers: string[]; prefix: string },
  file: string,
): Promise<{ killAndStartAgain(): Promise<void> }> => {
  let child: ChildProcess
  let output = ''
  const start = () => {
    child = spawn(process.execPath, ['consumers/triggers.ts', '--config', file], {
      env: {
        ...process.env,
        KAFKA_BROKERS: brokers.join(),
        KAR_PREFIX: prefix,
        KAR_COMMAND_PARTITIONS: '3',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        output += chunk
      })
  }
  start()
  onTestFinished(async () => {
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    await exited
  })
  await expect.poll(() => output, { timeout: 20_000 }).toContain('Triggers read')
  return {
    killAndStartAgain: async () => {
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      const [, signal] = await exited
      expect(signal).toBe('SIGKILL')
      start()
    },
  }
}
