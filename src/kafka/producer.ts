import { Kafka, type Message, Partitioners, type TopicMessages } from 'kafkajs'
import type { KafkaOptions } from '../config.ts'
import { messageOf, RunnerError } from '../errors.ts'
import { kafkajsConfig } from './options.ts'

export interface ProducerRecord {
  topic: string
  key: string
  /** Null is a tombstone. */
  value: Buffer | null
  headers?: Record<string, string>
}

/** Writes to the shared topics, which are few: kafkajs pays for every topic that a producer ever touched. */
export interface SharedProducer {
  /** @throws RunnerError BROKER_UNAVAILABLE after some retries; the record may have landed all the same */
  send(record: ProducerRecord): Promise<void>
  close(): Promise<void>
}

export interface ProducerOptions {
  /** Kafka acks: -1 waits for all in-sync replicas, 1 for the leader alone. */
  acks: -1 | 1
}

/** Records in one request; what is beyond waits for the next. */
const BATCH_RECORDS_MAX = 500

interface Waiting {
  record: ProducerRecord
  done: PromiseWithResolvers<void>
}

/**
 * Group commit over all topics: a request goes out at once when none is in flight; what comes meanwhile travels
 * together in the next. So the records of a key stay in order.
 */
export const createProducer = (options: KafkaOptions, { acks }: ProducerOptions): SharedProducer => {
  const producer = new Kafka(kafkajsConfig(options)).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: false,
  })
  const waiting: Waiting[] = []
  let sending = false
  let connected: Promise<void> | undefined
  const connect = () => {
    connected ??= producer.connect().catch((error) => {
      connected = undefined
      throw error
    })
    return connected
  }

  const flush = async (): Promise<void> => {
    sending = true
    // At the next microtask, so that records of the same moment share a request.
    await Promise.resolve()
    while (waiting.length > 0) {
      const batch = waiting.splice(0, BATCH_RECORDS_MAX)
      try {
        await connect()
        await producer.sendBatch({ acks, topicMessages: byTopic(batch) })
        for (const { done } of batch) done.resolve()
      } catch (error) {
        for (const { record, done } of batch) done.reject(notWritten(record, options, error))
      }
    }
    sending = false
  }

  return {
    send: (record) => {
      const done = Promise.withResolvers<void>()
      waiting.push({ record, done })
      if (!sending) void flush()
      return done.promise
    },
    close: async () => {
      await connected?.catch(() => {})
      await producer.disconnect()
    },
  }
}

const byTopic = (batch: readonly Waiting[]): TopicMessages[] => {
  const topics = new Map<string, Message[]>()
  for (const { record } of batch) {
    const { topic, key, value, headers } = record
    const messages = topics.get(topic) ?? []
    topics.set(topic, messages)
    messages.push({ key, value, headers })
  }
  return [...topics].map(([topic, messages]) => ({ topic, messages }))
}

const notWritten = ({ topic }: ProducerRecord, { brokers }: KafkaOptions, error: unknown): RunnerError =>
  new RunnerError(
    'BROKER_UNAVAILABLE',
    `A record could not be written to topic "${topic}" at ${brokers.join(', ')}: ${messageOf(error)}.`,
    { cause: error },
  )
