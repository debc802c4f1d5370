import kafkajs, { CompressionTypes, type Message, type Producer } from 'kafkajs'
import { clientConfig } from '../../src/config.ts'
import type { RunFact } from '../../src/fan-in/run-fact.ts'
import { ensureSharedTopics } from '../../src/kafka/shared-topics.ts'
import { sharedTopics } from '../../src/topics.ts'
import { EVENTS_OF_RUN, entryOf, factsOf } from './facts.ts'

export interface Fill {
  brokers: string[]
  prefix: string
  partitions: number
  threads: number
  runsPerThread: number
  /** Every so many runs are told twice. */
  retellEvery?: number
  /** Runs a second; as fast as it goes where none is named. */
  rate?: number
}

const RUNS_PER_BATCH = 200

/** Writes what workers tell of many runs, in rounds over the threads, each run's entry after its facts. */
export const fill = async ({
  brokers,
  prefix,
  partitions,
  retellEvery = 0,
  ...fill
}: Fill): Promise<void> => {
  const { kafka } = clientConfig({ kafka: { brokers } })
  const topics = sharedTopics(prefix, partitions)
  await ensureSharedTopics(kafka, Object.values(topics))
  const producer = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING }).producer()
  await producer.connect()
  const { threads, runsPerThread, rate } = fill
  const from = performance.now()
  try {
    const all = Array.from({ length: threads * runsPerThread }, (_, n) => n)
    // So small that a rate is one all the time.
    const size = rate === undefined ? RUNS_PER_BATCH : Math.max(1, Math.round(rate / 50))
    for (let at = 0; at < all.length; at += size) {
      const runs = all.slice(at, at + size).map((n) => {
        const threadId = `thread-${n % threads}`
        const index = Math.floor(n / threads)
        const facts = factsOf({ threadId, index, firstSeq: 1 + index * EVENTS_OF_RUN })
        return {
          threadId,
          index,
          facts: retellEvery > 0 && n % retellEvery === 0 ? [...facts, ...facts] : facts,
        }
      })
      await send(
        producer,
        topics.runs.name,
        runs.flatMap(({ facts }) => facts.map(factMessage)),
      )
      await send(
        producer,
        topics.threads.name,
        runs.map(({ threadId, index }) => ({
          key: threadId,
          // At a rate, by the clock: so one can see how old what is shown is.
          value: JSON.stringify({
            version: 1,
            ...entryOf(threadId, index + 1, rate === undefined ? {} : { updatedAt: Date.now() }),
          }),
        })),
      )
      const aheadMs = rate === undefined ? 0 : ((at + size) / rate) * 1_000 - (performance.now() - from)
      if (aheadMs > 0) await new Promise((resolve) => setTimeout(resolve, aheadMs))
    }
  } finally {
    await producer.disconnect()
  }
}

const factMessage = (fact: RunFact): Message => ({ key: fact.threadId, value: JSON.stringify(fact) })

const send = (producer: Producer, topic: string, messages: Message[]) =>
  producer.send({ topic, messages, acks: -1, compression: CompressionTypes.None })
