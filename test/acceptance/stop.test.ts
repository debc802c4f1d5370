import { firstValueFrom } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { sleep } from '../../src/sleep.ts'
import { ScriptedAgent, talker } from '../support/agents.ts'
import { collect, inputFor, typesOf, verify } from '../support/events.ts'
import { useKafka } from '../support/kafka.ts'
import { quiet } from '../support/quiet.ts'

/** Inside a step, a text and a tool call, and deaf to abort. */
const stubborn = new ScriptedAgent(async function* ({ threadId, runId }) {
  yield { type: 'RUN_STARTED', threadId, runId }
  yield { type: 'STEP_STARTED', stepName: 'work' }
  yield { type: 'TEXT_MESSAGE_START', messageId: 'm', role: 'assistant' }
  yield { type: 'TOOL_CALL_START', toolCallId: 'c', toolCallName: 'wait' }
  for (;;) {
    await sleep(20)
    yield { type: 'TEXT_MESSAGE_CONTENT', messageId: 'm', delta: '.' }
  }
}, 'stubborn')
stubborn.clone = () => {
  const copy = new ScriptedAgent(stubborn.script, 'stubborn')
  copy.abortRun = () => {}
  return copy
}

describe('a stop', () => {
  it('at once after run() ends the run, which then has a start and an end', async () => {
    const runner = useKafka().runner({ worker: true })
    const agent = new ScriptedAgent(talker(200, 50))
    const events = collect(runner.run({ threadId: 't', agent, input: inputFor('t') }))
    expect(await runner.stop({ threadId: 't' })).toBe(true)
    expect(typesOf(await events).at(0)).toBe('RUN_STARTED')
    expect(typesOf(await events).at(-1)).toBe('RUN_FINISHED')
    await verify(await events)
    expect(await runner.isRunning({ threadId: 't' })).toBe(false)
  })

  it('cuts off an agent that ignores it, and closes what it left open', async () => {
    const kafka = useKafka()
    await kafka.worker({ agents: { stubborn }, stopGraceMs: 200 })
    const runner = kafka.runner()
    const running = runner.run({ threadId: 't', agent: stubborn, input: inputFor('t') })
    await firstValueFrom(running)
    await sleep(200)
    expect(await runner.stop({ threadId: 't' })).toBe(true)
    const events = await collect(running)
    expect(typesOf(events).slice(-5)).toEqual([
      'TEXT_MESSAGE_END',
      'TOOL_CALL_END',
      'TOOL_CALL_RESULT',
      'STEP_FINISHED',
      'RUN_FINISHED',
    ])
    await verify(events)
    expect(await collect(runner.connect({ threadId: 't' }))).toContainEqual(events.at(-1))
  })

  it('of the worker lets runs go on while it drains, and ends the rest with WORKER_SHUTDOWN', async () => {
    const kafka = useKafka()
    const agents = { short: new ScriptedAgent(talker(20, 20), 'short'), stubborn }
    const worker = await kafka.worker({ agents, stopGraceMs: 100, logger: quiet })
    const runner = kafka.runner()
    const short = runner.run({ threadId: 'short', agent: agents.short, input: inputFor('short') })
    const long = runner.run({ threadId: 'long', agent: stubborn, input: inputFor('long') })
    await Promise.all([firstValueFrom(short), firstValueFrom(long)])
    await worker.stop({ drainTimeoutMs: 1_500 })
    expect(typesOf(await collect(short)).at(-1)).toBe('RUN_FINISHED')
    const ended = await collect(long)
    expect(ended.at(-1)).toMatchObject({ type: 'RUN_ERROR', code: 'WORKER_SHUTDOWN' })
    await verify(ended)
    await expect.poll(() => runner.workers()).toEqual([])
  })
})
