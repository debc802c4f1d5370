import kafkajs, { logLevel } from 'kafkajs'
import { expect, it, onTestFinished } from 'vitest'
import { parseRunFact, type RunFact } from '../../src/fan-in/run-fact.ts'
import { sharedTopics } from '../../src/topics.ts'
import { ScriptedAgent, talker } from '../support/agents.ts'
import { collect, inputFor } from '../support/events.ts'
import { useKafka } from '../support/kafka.ts'

const PARTITIONS = 3
const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

type Told = RunFact & { headers: Record<string, string> }

/** What consumers of the runs topic see. */
const useFacts = async ({ brokers, prefix }: ReturnType<typeof useKafka>) => {
  const consumer = new kafkajs.Kafka({ brokers, logLevel: logLevel.NOTHING }).consumer({
    groupId: `${prefix}-facts`,
    maxWaitTimeInMs: 50,
  })
  onTestFinished(() => consumer.disconnect())
  const facts: Told[] = []
  await consumer.subscribe({ topic: sharedTopics(prefix, PARTITIONS).runs.name, fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ message: { value, headers = {} } }) => {
      const texts = Object.entries(headers).map(([name, text]) => [name, String(text)])
      facts.push({ ...parseRunFact(JSON.parse(String(value))), headers: Object.fromEntries(texts) })
    },
  })
  const of = (threadId: string) => facts.filter((fact) => fact.threadId === threadId)
  const until = (threadId: string, count: number) =>
    expect.poll(() => of(threadId).length, { timeout: 15_000 }).toBeGreaterThanOrEqual(count)
  return { of, until }
}

it('tells of each run that it was accepted, started and how it ended, with its events', async () => {
  const kafka = useKafka()
  const runner = kafka.runner({ worker: true })
  await runner.start()
  const facts = await useFacts(kafka)
  const agents = {
    finished: new ScriptedAgent(talker(3)),
    failed: new ScriptedAgent(async function* ({ threadId, runId }) {
      yield { type: 'RUN_STARTED', threadId, runId }
      throw new Error('no model')
    }),
    stopped: new ScriptedAgent(talker(1_000, 20)),
  }
  for (const [fact, agent] of Object.entries(agents)) {
    Object.assign(agent, { headers: { Traceparent: TRACE, Authorization: 'secret' } })
    const run = collect(runner.run({ threadId: fact, agent, input: inputFor(fact) }))
    if (fact === 'stopped')
      await expect.poll(() => runner.stop({ threadId: fact }), { timeout: 10_000 }).toBe(true)
    await run
    await facts.until(fact, 3)
    const told = facts.of(fact)
    expect(told.map((each) => each.fact)).toEqual(['accepted', 'started', fact])
    const [accepted, started, ended] = told as [Told, Told, Told]
    expect(accepted.id).toBe(`${accepted.commandId}/accepted`)
    expect(accepted.time).toBeLessThanOrEqual(started.time)
    expect(ended).toMatchObject({ startedAt: started.time, firstSeq: 1, lastSeq: expect.any(Number) })
    expect(ended.events.at(0)?.type).toBe('RUN_STARTED')
    expect(ended.headers).toMatchObject({
      ce_type: `kafka-agent-runner.run.${fact}`,
      ce_id: ended.id,
      ce_traceparent: TRACE,
      'content-type': 'application/json',
    })
    expect(JSON.stringify(told)).not.toContain('secret')
  }
  const [, , finished] = facts.of('finished')
  const content = finished!.events.find(({ type }) => type === 'TEXT_MESSAGE_CONTENT')
  expect(content).toMatchObject({ seq: 3, count: 3 })
  expect(facts.of('failed').at(-1)).toMatchObject({
    cause: 'failure',
    message: expect.stringContaining('no model'),
  })
})

it('tells of a run that was turned away, with the reason', async () => {
  const kafka = useKafka()
  const [runner, other] = [kafka.runner({ worker: true }), kafka.runner()]
  await Promise.all([runner.start(), other.start()])
  const facts = await useFacts(kafka)
  const first = collect(
    runner.run({ threadId: 't', agent: new ScriptedAgent(talker(20, 50)), input: inputFor('t') }),
  )
  await facts.until('t', 2)
  await collect(other.run({ threadId: 't', agent: new ScriptedAgent(talker(1)), input: inputFor('t') }))
  await first
  await facts.until('t', 4)
  const rejected = facts.of('t').find(({ fact }) => fact === 'rejected')
  expect(rejected).toMatchObject({ code: 'THREAD_BUSY', message: expect.stringContaining('already') })
  expect(facts.of('t').some(({ id }) => id === `${rejected!.commandId}/accepted`)).toBe(false)
})
