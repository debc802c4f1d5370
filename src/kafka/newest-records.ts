// A default import: Node's scan of this CommonJS package does not find all of its names.
import kafkajs from 'kafkajs'
import type { KafkaOptions } from '../config.ts'
import { messageOf, RunnerError } from '../errors.ts'
import { kafkajsConfig } from './options.ts'
import type { SourceRecord } from './source-consumer.ts'
import { createTopicReader, type TopicRecord } from './topic-reader.ts'

/**
 * The newest records of a topic by their time, the oldest of them first. No consumer group is touched.
 * @throws RunnerError BROKER_UNAVAILABLE, READ_FAILED when there is no such topic
 */
export const newestRecords = async (
  kafka: KafkaOptions,
  topic: string,
  count: number,
): Promise<SourceRecord[]> => {
  const from = await startsOf(kafka, topic, count)
  const found: TopicRecord[] = []
  const caughtUp = Promise.withResolvers<void>()
  const reader = createTopicReader(kafka, {
    topic,
    from,
    onBatch: async ({ records }) => {
      found.push(...records)
      // Others may write faster than this reads: no more than was asked for is kept.
      if (found.length > 2 * count) found.splice(0, found.length, ...newest(found, count))
    },
    onCaughtUp: () => caughtUp.resolve(),
    onError: (error) => caughtUp.reject(error),
  })
  try {
    await reader.start()
    await caughtUp.promise
  } finally {
    await reader.stop()
  }
  return newest(found, count).map(({ partition, offset, key, value, headers, time }) => ({
    topic,
    partition,
    offset,
    key,
    value,
    headers,
    time,
  }))
}

const newest = (records: TopicRecord[], count: number): TopicRecord[] =>
  records.toSorted((a, b) => a.time - b.time || a.offset - b.offset).slice(-count)

/** That many records before the end of each partition. */
const startsOf = async (kafka: KafkaOptions, topic: string, count: number): Promise<Map<number, number>> => {
  const admin = new kafkajs.Kafka(kafkajsConfig(kafka)).admin()
  try {
    await admin.connect()
    const partitions = await admin.fetchTopicOffsets(topic)
    return new Map(
      partitions.map(({ partition, low, high }) => [partition, Math.max(Number(low), Number(high) - count)]),
    )
  } catch (error) {
    const message = `Topic "${topic}" cannot be read: ${messageOf(error)}. Check its name, and that the brokers are up.`
    throw new RunnerError('READ_FAILED', message, { cause: error })
  } finally {
    await admin.disconnect()
  }
}
