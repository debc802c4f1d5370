import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { clientConfig } from '../../src/config.ts'
import { decodeFact } from '../../src/fan-in/decode-fact.ts'
import { Cluster } from '../../src/kafka/cluster.ts'
import { endsOf } from '../../src/kafka/topic-facts.ts'
import { createTopicReader } from '../../src/kafka/topic-reader.ts'
import { toBaseEvent } from '../../src/run/event.ts'
import { jsonFormat } from '../../src/schema/record-format.ts'
import { createRunTail } from '../../src/threads/run-tail.ts'
import { sharedTopics } from '../../src/topics.ts'
import { ScriptedAgent, talker, talkOf } from '../support/agents.ts'
import { collect, inputFor, textOf } from '../support/events.ts'
import { useKafka } from '../support/kafka.ts'

/** A tail of all runs from now on, which is given each fact twice. */
const useTail = async (followedMax: number) => {
  const kafka = useKafka()
  const runner = kafka.runner({ worker: true })
  await runner.start()
  const { name: topic } = sharedTopics(kafka.prefix, 3).runs
  const options = clientConfig({ kafka: { brokers: kafka.brokers } }).kafka
  const cluster = new Cluster(options)
  const seen: Record<string, object[]> = {}
  const ends: [threadId: string, fact: string, shown: boolean][] = []
  const notes: string[] = []
  const tail = createRunTail({
    runner: kafka.runner(),
    followedMax,
    onFact: ({ threadId, fact }, shown) => {
      if (fact !== 'accepted' && fact !== 'started') ends.push([threadId, fact, shown])
    },
    onEvent: ({ threadId }, event) => {
      seen[threadId] ??= []
      seen[threadId].push(toBaseEvent(event))
    },
    onNote: (text) => notes.push(text),
  })
  const facts = createTopicReader(options, {
    topic,
    from: await endsOf(cluster, topic),
    onBatch: async ({ records }) => {
      for (const record of records) for (const _ of [1, 2]) tail.take(await decodeFact(jsonFormat, record))
    },
    onError: (error) => notes.push(error.message),
  })
  await facts.start()
  onTestFinished(async () => {
    tail.stop()
    await facts.stop()
    await cluster.close()
  })
  const ended = (count: number) => vi.waitUntil(() => ends.length >= count, { timeout: 20_000 })
  return { runner, seen, ends, notes, ended }
}

const talk = (count: number, pauseMs: number) => new ScriptedAgent(talker(count, pauseMs), 'talker')

describe('the tail of all runs', () => {
  it('shows every run exactly once: some live, those beyond the limit when they end', async () => {
    const { runner, seen, ends, notes, ended } = await useTail(2)
    const threads = ['a', 'b', 'c', 'd']
    await Promise.all(
      threads.map((threadId) =>
        collect(runner.run({ threadId, agent: talk(20, 20), input: inputFor(threadId) })),
      ),
    )
    await ended(4)
    expect(ends.toSorted()).toEqual(threads.map((threadId) => [threadId, 'finished', true]))
    for (const threadId of threads) expect(textOf(seen[threadId] as never)).toBe(talkOf(20))
    expect(notes).toHaveLength(2)
    // Live ones as they came, the others compacted.
    expect(threads.map((threadId) => seen[threadId]?.length).toSorted()).toEqual([24, 24, 5, 5].toSorted())

    const again = collect(runner.run({ threadId: 'a', agent: talk(2, 0), input: inputFor('a') }))
    await again
    await ended(5)
    expect(textOf(seen.a as never)).toBe(talkOf(20) + talkOf(2))
  })

  it('tells how a run ended that showed nothing', async () => {
    const { runner, ends, seen, ended } = await useTail(2)
    const agent = new ScriptedAgent(async function* () {
      yield* []
      throw new Error('at once')
    }, 'failing')
    await collect(runner.run({ threadId: 'phantom', agent, input: inputFor('phantom') }))
    await ended(1)
    expect(ends).toEqual([['phantom', 'failed', false]])
    expect(seen).toEqual({})
  })
})
