import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { pythonWith } from '../examples/virtual-environment.ts'
import { ScriptedAgent, talker } from '../support/agents.ts'
import { collect, inputFor } from '../support/events.ts'
import { useKafka } from '../support/kafka.ts'
import { registerSchemas } from '../support/registered.ts'
import { useSharedRegistry } from '../support/shared-registry.ts'

const registry = useSharedRegistry()
const DELTAS = 7
/** RUN_STARTED, TEXT_MESSAGE_START, the deltas, TEXT_MESSAGE_END, RUN_FINISHED. */
const EVENTS = DELTAS + 4

const SQL = `
  SELECT r.agentId, r.outcome, count(DISTINCT r.threadId, r.runId) AS runs, sum(e.count) AS events,
         count(e.seq) AS rows, count(DISTINCT date(e.time)) > 0 AS timed,
         max(get_json_object(e.event, '$.delta')) AS said
  FROM runs r LEFT JOIN events e USING (threadId, runId) GROUP BY 1, 2 ORDER BY 1, 2`

/** The job, in its own process group: Spark's JVM is a child of Python's. */
const startSpark = (python: string, args: string[]) => {
  const program = resolve('examples/spark/runs_to_parquet.py')
  const child = spawn(python, [program, ...args], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  const kill = () => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, 'SIGKILL')
  }
  onTestFinished(kill)
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((done, fail) => {
    child.once('error', fail)
    child.once('close', (code) => done({ code, stdout, stderr }))
  })
  const says = (what: string) =>
    new Promise<void>((done, fail) => {
      child.stderr.on('data', () => stderr.includes(what) && done())
      void ended.then(() => fail(new Error(`It ended before it said "${what}":\n${stderr}`)))
    })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  return { ended, says, kill }
}

it('Spark counts each run once, whichever format it was written in, also after it was killed', async () => {
  const from = performance.now()
  const tell = (what: string) =>
    process.stderr.write(`${what}: ${((performance.now() - from) / 1000).toFixed(1)} s\n`)
  const python = await pythonWith('examples/spark/requirements.txt')
  tell('Spark is there')
  const kafka = useKafka()
  await registerSchemas(registry.url, kafka.prefix)
  const out = await mkdtemp(join(tmpdir(), 'kar-spark-'))
  onTestFinished(() => rm(out, { recursive: true, force: true }))

  /** Runs of an agent, by a worker of its own: the next one reads what this one wrote, so JSON comes first. */
  const run = async (agentId: string, runs: number, schemaRegistry?: { url: string }) => {
    const fails = agentId === 'failing'
    const agent = new ScriptedAgent(async function* (input, signal) {
      if (fails) throw new Error('out of paper')
      yield* talker(DELTAS)(input, signal)
    }, agentId)
    const runner = kafka.runner({ worker: true, schemaRegistry })
    for (let at = 0; at < runs; at += 1) {
      const threadId = `${agentId}-${at % 3}`
      await collect(runner.run({ threadId, agent, input: inputFor(threadId) }))
    }
    await runner.close()
  }
  const spark = () =>
    startSpark(python, [
      ...['--brokers', kafka.brokers.join(), '--registry', registry.url, '--prefix', kafka.prefix],
      ...['--out', out, '--json', '--sql', SQL],
    ])
  const answer = async () => {
    const { code, stdout, stderr } = await spark().ended
    expect(code, stderr).toBe(0)
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  }
  const row = (agentId: string, runs: number) => ({
    agentId,
    outcome: 'finished',
    runs,
    events: runs * EVENTS,
    // Deltas are joined.
    rows: runs * 5,
    timed: true,
    said: '0 1 2 3 4 5 6 ',
  })

  await run('json', 8)
  await run('avro', 5, { url: registry.url })
  // As soon as the batch is written; mostly before Spark notes that it is.
  const killed = spark()
  await killed.says('batch 0')
  killed.kill()
  expect((await killed.ended).code).toBeNull()
  tell('Killed')
  expect(await answer()).toEqual([row('avro', 5), row('json', 8)])
  tell('Counted')

  await run('avro', 4, { url: registry.url })
  await run('failing', 2, { url: registry.url })
  const [avro, failing, json] = await answer()
  tell('Counted again')
  expect([avro, json]).toEqual([row('avro', 9), row('json', 8)])
  expect(failing).toMatchObject({ agentId: 'failing', outcome: 'failed', runs: 2 })
})
