import { describe, expect, it } from 'vitest'
import { ScriptedAgent, talker } from '../support/agents.ts'
import { collect, inputFor, typesOf, verify } from '../support/events.ts'
import { useKafka } from '../support/kafka.ts'

const endless = () => new ScriptedAgent(talker(100_000, 20), 'endless')
/** Takes no notice of being told to stop. */
const stubborn = () => {
  const agent = new ScriptedAgent(talker(100_000, 20), 'stubborn')
  agent.abortRun = () => {}
  return agent
}

describe('a run that lasts longer than it may', () => {
  it.each([
    ['its worker’s limit', { runTimeoutMs: 500 }, {}],
    ['what its own command asks for', {}, { runTimeoutMs: 500 }],
  ])('ends with RUN_TIMEOUT: %s', async (_name, workerLimit, ownLimit) => {
    const kafka = useKafka()
    await kafka.worker({ agents: { endless, stubborn }, stopGraceMs: 300, ...workerLimit })
    const runner = kafka.runner(ownLimit)
    for (const agent of [endless(), stubborn()]) {
      const threadId = `t-${agent.agentId}`
      const events = await collect(runner.run({ threadId, agent, input: inputFor(threadId) }))
      expect(events.at(-1)).toMatchObject({ type: 'RUN_ERROR', code: 'RUN_TIMEOUT' })
      expect(events.at(-1)?.message).toContain('0.5 s')
      await verify(events)
      expect(await collect(runner.connect({ threadId }))).not.toEqual([])
      expect((await runner.status(threadId))?.runs[0]).toMatchObject({ status: 'failed', cause: 'timeout' })
    }
  })
})

describe('a run that cannot begin in time', () => {
  it('is told COMMAND_EXPIRED while it waits for its turn, and never begins', async () => {
    const kafka = useKafka()
    await kafka.worker({ agents: { endless } })
    const runner = kafka.runner({ commandTtlMs: 700, onConcurrentRun: 'enqueue' })
    const first = collect(runner.run({ threadId: 't', agent: endless(), input: inputFor('t') }))
    await expect.poll(() => runner.status('t'), { timeout: 20_000 }).toMatchObject({ running: true })
    const second = await collect(runner.run({ threadId: 't', agent: endless(), input: inputFor('t') }))
    expect(second).toMatchObject([{ type: 'RUN_ERROR', code: 'COMMAND_EXPIRED' }])
    expect(await runner.stop({ threadId: 't' })).toBe(true)
    expect(typesOf(await first).at(-1)).toBe('RUN_FINISHED')
    expect((await runner.status('t'))?.runs).toHaveLength(1)
  })

  it('is not begun by a worker that comes later', async () => {
    const kafka = useKafka()
    const runner = kafka.runner({ commandTtlMs: 300 })
    const events = collect(runner.run({ threadId: 't', agent: endless(), input: inputFor('t') }))
    await new Promise((resolve) => setTimeout(resolve, 600))
    await kafka.worker({ agents: { endless } })
    expect(await events).toMatchObject([{ type: 'RUN_ERROR', code: 'COMMAND_EXPIRED' }])
    expect((await runner.status('t'))?.runs).toEqual([])
  })
})
