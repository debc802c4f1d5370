import { describe, expect, it } from 'vitest'
import { sleep } from '../../src/sleep.ts'
import { type Script, ScriptedAgent, talker, talkOf } from '../support/agents.ts'
import { collect, inputFor, textOf, typesOf, verify } from '../support/events.ts'
import { useKafka } from '../support/kafka.ts'

/** Talks until it is stopped. */
const endless = talker(100_000, 20)
const remote = (agentId: string) => new ScriptedAgent(endless, agentId)

/** Two API processes and a worker with the agents. */
const useTwo = async (agents: Record<string, Script>, more: object = {}) => {
  const kafka = useKafka()
  const made = Object.entries(agents).map(
    ([id, script]) => [id, () => new ScriptedAgent(script, id)] as const,
  )
  await kafka.worker({ agents: Object.fromEntries(made), ...more })
  return [kafka.runner(), kafka.runner()] as const
}
const untilRunning = (runner: ReturnType<ReturnType<typeof useKafka>['runner']>, threadId: string) =>
  expect.poll(() => runner.status(threadId), { timeout: 20_000 }).toMatchObject({ running: true })

describe('a second run of a thread, enqueued', () => {
  it('waits for its turn, first come, first served, whichever process asks', async () => {
    const [one, two] = await useTwo({ slow: talker(20, 20), short: talker(3) })
    const first = collect(one.run({ threadId: 't', agent: remote('slow'), input: inputFor('t') }))
    await untilRunning(two, 't')
    const queued = []
    for (const runner of [two, one, two]) {
      const request = { threadId: 't', agent: remote('short'), input: inputFor('t') }
      queued.push(collect(runner.run({ ...request, onConcurrentRun: 'enqueue' })))
      // One after the other: each process has its own connection to the brokers.
      await sleep(200)
    }
    expect(textOf(await first)).toBe(talkOf(20))
    const started = (await Promise.all(queued)).map((events) => {
      expect(textOf(events)).toBe(talkOf(3))
      return events[0]?.runId
    })
    const { runs = [] } = (await one.status('t')) ?? {}
    expect(runs.slice(1).map(({ runId }) => runId)).toEqual(started)
    await verify(await collect(two.connect({ threadId: 't' })))
  })

  it('is one of at most queuedRunsMax; the next gets QUEUE_FULL', async () => {
    const [runner] = await useTwo({ endless }, { queuedRunsMax: 2 })
    const run = () =>
      collect(
        runner.run({
          threadId: 't',
          agent: remote('endless'),
          input: inputFor('t'),
          onConcurrentRun: 'enqueue',
        }),
      )
    const runs = [run(), run(), run()]
    await untilRunning(runner, 't')
    expect((await run()).at(-1)).toMatchObject({ type: 'RUN_ERROR', code: 'QUEUE_FULL' })
    for (const _ of runs) {
      await untilRunning(runner, 't')
      expect(await runner.stop({ threadId: 't' })).toBe(true)
    }
    await Promise.all(runs)
  })

  it('can be stopped before it begins, from any process, and leaves nothing in the thread', async () => {
    const [one, two] = await useTwo({ endless })
    const first = collect(one.run({ threadId: 't', agent: remote('endless'), input: inputFor('t') }))
    await untilRunning(two, 't')
    const [mine, theirs] = [inputFor('t'), inputFor('t')]
    const queued = [mine, theirs].map((input) =>
      collect(one.run({ threadId: 't', agent: remote('endless'), input, onConcurrentRun: 'enqueue' })),
    )
    // Both are known to be commands by now: the second process has nothing but the brokers to ask.
    await expect.poll(() => two.stop({ threadId: 't', runId: theirs.runId }), { timeout: 20_000 }).toBe(true)
    expect(await one.stop({ threadId: 't', runId: mine.runId })).toBe(true)
    for (const events of await Promise.all(queued)) {
      expect(typesOf(events)).toEqual(['RUN_STARTED', 'RUN_FINISHED'])
      await verify(events)
    }
    expect((await one.status('t'))?.runs).toHaveLength(1)
    expect(await two.stop({ threadId: 't' })).toBe(true)
    await first
    expect(await two.stop({ threadId: 't', runId: mine.runId })).toBe(false)
  })
})

describe('a second run of a thread, superseding', () => {
  it('ends the first as a stop does, and those that wait; all stay as they were in the thread', async () => {
    const [one, two] = await useTwo({ endless, short: talker(3) })
    const first = collect(one.run({ threadId: 't', agent: remote('endless'), input: inputFor('t') }))
    await untilRunning(two, 't')
    const request = { threadId: 't', agent: remote('endless') }
    const waiting = collect(two.run({ ...request, input: inputFor('t'), onConcurrentRun: 'enqueue' }))
    await sleep(500)
    const input = inputFor('t')
    const last = await collect(
      one.run({ threadId: 't', agent: remote('short'), input, onConcurrentRun: 'supersede' }),
    )
    expect(textOf(last)).toBe(talkOf(3))
    expect(typesOf(await first).at(-1)).toBe('RUN_FINISHED')
    expect(typesOf(await waiting)).toEqual(['RUN_STARTED', 'RUN_FINISHED'])
    const { runs = [] } = (await two.status('t')) ?? {}
    expect(runs.map(({ cause }) => cause)).toEqual(['superseded', 'agent'])
    const replayed = await collect(two.connect({ threadId: 't' }))
    await verify(replayed)
    expect(textOf(replayed)).toBe(textOf(await first) + talkOf(3))
  })

  it('ends one that a worker executes which has lost the thread’s partition', async () => {
    const kafka = useKafka()
    const agents = { endless: () => remote('endless'), short: () => new ScriptedAgent(talker(3), 'short') }
    await kafka.worker({ agents })
    const runner = kafka.runner({ onConcurrentRun: 'supersede' })
    const threads = ['a', 'b', 'c', 'd', 'e', 'f']
    const first = threads.map((threadId) =>
      collect(runner.run({ threadId, agent: remote('endless'), input: inputFor(threadId) })),
    )
    for (const threadId of threads) await untilRunning(runner, threadId)
    // Two of three partitions move to the new one, and with them the decision about their threads.
    const second = await kafka.worker({ agents })
    await kafka.worker({ agents })
    const next = threads.map((threadId) =>
      collect(
        runner.run({ threadId, agent: new ScriptedAgent(talker(3), 'short'), input: inputFor(threadId) }),
      ),
    )
    for (const events of await Promise.all(next)) expect(textOf(events)).toBe(talkOf(3))
    for (const events of await Promise.all(first)) expect(typesOf(events).at(-1)).toBe('RUN_FINISHED')
    const statuses = await Promise.all(threads.map((threadId) => runner.status(threadId)))
    for (const status of statuses)
      expect(status?.runs.map(({ cause }) => cause)).toEqual(['superseded', 'agent'])
    expect(statuses.some((status) => status?.runs.at(-1)?.workerId === second.workerId)).toBe(true)
  })
})
