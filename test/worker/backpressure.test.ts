import { expect, it } from 'vitest'
import { ScriptedAgent, talker } from '../support/agents.ts'
import { collect, inputFor, typesOf } from '../support/events.ts'
import { useKafka } from '../support/kafka.ts'

const RUNS = 8

it.each([
  ['all in one partition', 1],
  ['over several partitions', 3],
])(
  'executes no more than maxConcurrentRuns at once, and all of them in the end: %s',
  async (_name, partitions) => {
    const kafka = useKafka()
    let going = 0
    let most = 0
    const counting = new ScriptedAgent(async function* (input, signal) {
      going += 1
      most = Math.max(most, going)
      yield* talker(5, 100)(input, signal)
      going -= 1
    }, 'counting')
    const limits = { maxConcurrentRuns: 2, commandPartitions: partitions }
    await kafka.worker({ agents: { counting }, ...limits })
    const runner = kafka.runner({ commandPartitions: partitions })
    const runs = Array.from({ length: RUNS }, (_, index) => {
      const threadId = `t-${index}`
      return collect(runner.run({ threadId, agent: counting, input: inputFor(threadId) }))
    })
    for (const events of await Promise.all(runs)) expect(typesOf(events).at(-1)).toBe('RUN_FINISHED')
    expect(most).toBe(2)
  },
)

it('answers commands that need no place while all are taken: one that is refused, one that supersedes', async () => {
  const kafka = useKafka()
  const agents = {
    endless: () => new ScriptedAgent(talker(100_000, 20), 'endless'),
    short: () => new ScriptedAgent(talker(3), 'short'),
  }
  await kafka.worker({ agents, maxConcurrentRuns: 1, commandPartitions: 1 })
  const [runner, other] = [kafka.runner({ commandPartitions: 1 }), kafka.runner({ commandPartitions: 1 })]
  const request = (agentId: 'endless' | 'short') => ({
    threadId: 't',
    agent: agents[agentId](),
    input: inputFor('t'),
  })
  const first = collect(runner.run(request('endless')))
  await expect.poll(() => runner.status('t'), { timeout: 20_000 }).toMatchObject({ running: true })
  expect(await collect(other.run(request('short')))).toMatchObject([{ code: 'THREAD_BUSY' }])
  const second = await collect(other.run({ ...request('short'), onConcurrentRun: 'supersede' }))
  expect(typesOf(second).at(-1)).toBe('RUN_FINISHED')
  expect(typesOf(await first).at(-1)).toBe('RUN_FINISHED')
})

it('lets commands that wait for other runs take no place of those that could run', async () => {
  const kafka = useKafka()
  const agents = {
    endless: () => new ScriptedAgent(talker(100_000, 20), 'endless'),
    short: () => new ScriptedAgent(talker(3), 'short'),
  }
  await kafka.worker({ agents, maxConcurrentRuns: 2, commandPartitions: 1 })
  const runner = kafka.runner({ commandPartitions: 1, onConcurrentRun: 'enqueue' })
  const start = (threadId: string, agentId: 'endless' | 'short') =>
    collect(runner.run({ threadId, agent: agents[agentId](), input: inputFor(threadId) }))
  const first = start('busy', 'endless')
  await expect.poll(() => runner.status('busy'), { timeout: 20_000 }).toMatchObject({ running: true })
  const queued = Array.from({ length: 5 }, () => start('busy', 'short'))
  expect(typesOf(await start('free', 'short')).at(-1)).toBe('RUN_FINISHED')
  expect(await runner.stop({ threadId: 'busy' })).toBe(true)
  await first
  for (const events of await Promise.all(queued)) expect(typesOf(events).at(-1)).toBe('RUN_FINISHED')
})
