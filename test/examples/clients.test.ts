import { resolve } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { ScriptedAgent, talker, talkOf } from '../support/agents.ts'
import { useKafka } from '../support/kafka.ts'
import { registerSchemas } from '../support/registered.ts'
import { useSharedRegistry } from '../support/shared-registry.ts'
import { javaProgram, type Program, pythonProgram, runProgram } from './programs.ts'

/** The first time packages are brought and the Java program is built. */
const FIRST_MS_MAX = 600_000
const MESSAGES = 5
const MESSAGE_CHARACTERS = 300_000

const registry = useSharedRegistry()
const programs = new Map<string, Program>()
beforeAll(async () => {
  programs.set('python', await pythonProgram())
  programs.set('java', await javaProgram('java', 'run-agent.jar'))
}, FIRST_MS_MAX)

/** A worker, and the program with all that it needs to find it. */
const useProgram = async (name: string) => {
  const kafka = useKafka()
  await registerSchemas(registry.url, kafka.prefix)
  let executed = 0
  const counting = new ScriptedAgent(async function* (input, signal) {
    executed += 1
    yield* talker(3)(input, signal)
  }, 'counting')
  const agents = { counting, large: new ScriptedAgent(largeRun, 'large') }
  await kafka.worker({ agents, schemaRegistry: { url: registry.url } })
  const places = ['--brokers', kafka.brokers.join(), '--registry', registry.url, '--prefix', kafka.prefix]
  return {
    executed: () => executed,
    run: (...args: string[]) =>
      runProgram(programs.get(name)!, [...places, '--message', 'How far is it?', '--timeout', '20', ...args]),
  }
}

/** More than a record holds. */
const largeRun = async function* ({ threadId, runId }: { threadId: string; runId: string }) {
  yield { type: 'RUN_STARTED', threadId, runId }
  for (let at = 0; at < MESSAGES; at += 1) {
    const messageId = `message-${at}`
    yield { type: 'TEXT_MESSAGE_START', messageId, role: 'assistant' }
    yield { type: 'TEXT_MESSAGE_CONTENT', messageId, delta: largeText(at) }
    yield { type: 'TEXT_MESSAGE_END', messageId }
  }
  yield { type: 'RUN_FINISHED', threadId, runId }
}

const largeText = (at: number): string => `${at}`.repeat(MESSAGE_CHARACTERS)

it('the example without a registry starts a run by plain JSON, once, and reads its end', async () => {
  const kafka = useKafka()
  let executed = 0
  const counting = new ScriptedAgent(async function* (input, signal) {
    executed += 1
    yield* talker(3)(input, signal)
  }, 'counting')
  await kafka.worker({ agents: { counting } })
  const program = resolve('examples/node/run-agent.mjs')
  const start = () =>
    runProgram(
      [process.execPath, '--no-warnings', program],
      [...[kafka.brokers[0]!, 'counting', 't', 'How far is it?'], 'order-7-paid'],
      { KAR_PREFIX: kafka.prefix },
    )
  const stdout = `finished\n${talkOf(3)}\n`
  expect(await start()).toEqual({ code: 0, stdout, stderr: 'accepted\nstarted\n' })
  expect(await start()).toEqual({ code: 0, stdout, stderr: '' })
  expect(executed).toBe(1)
})

describe.each(['python', 'java'])('the example in %s', { timeout: 60_000 }, (name) => {
  it('starts a run by a record and reads its end; the same command id starts no second one', async () => {
    const { executed, run } = await useProgram(name)
    const args = ['--agent', 'counting', '--thread', 'thread/7 ü', '--command-id', 'order-7-paid']
    const first = await run(...args)
    expect(first).toMatchObject({ code: 0, stdout: `finished\n${talkOf(3)}\n` })
    expect(first.stderr).toMatch(/^accepted +by \S+\nstarted +by \S+\n$/)

    expect(await run(...args)).toEqual({ code: 0, stdout: `finished\n${talkOf(3)}\n`, stderr: '' })
    expect(executed()).toBe(1)
  })

  it('reads a run that ends in several parts', async () => {
    const { run } = await useProgram(name)
    // By librdkafka's own partitioner this thread would be in another partition than by Java's.
    const { code, stdout } = await run('--agent', 'large', '--thread', 'a')
    expect(code).toBe(0)
    const texts = Array.from({ length: MESSAGES }, (_, at) => largeText(at))
    expect(stdout.split('\n').map((line) => line.length)).toEqual([8, ...texts.map((text) => text.length), 0])
    expect(stdout).toBe(['finished', ...texts, ''].join('\n'))
  })

  it('ends with 1 where the run is rejected, with 2 by wrong arguments, with 3 where nobody answers', async () => {
    const { run } = await useProgram(name)
    const unknown = await run('--agent', 'nobody', '--thread', 't')
    expect(unknown).toMatchObject({ code: 1, stdout: expect.stringMatching(/^rejected: UNKNOWN_AGENT /) })
    expect(await run('--agent', 'counting')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--thread'),
    })
    const nowhere = await run('--agent', 'counting', '--thread', 't', '--registry', 'http://127.0.0.1:1')
    expect(nowhere).toMatchObject({ code: 3, stderr: expect.stringMatching(/^The schema registry/) })
    const help = await runProgram(programs.get(name)!, ['--help'])
    expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining('exit codes:') })
  })
})
