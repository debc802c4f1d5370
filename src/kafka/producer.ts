import { Kafka } from 'kafkajs'
import { type KafkaOptions, LIMITS } from '../config.ts'
import { messageOf, RunnerError } from '../errors.ts'
import { kafkajsConfig } from './options.ts'
import { WholeSend } from './whole-send.ts'

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

interface Waiting {
  record: ProducerRecord
  bytes: number
  done: PromiseWithResolvers<void>
}

/** The records that wait for their topic. */
interface Lane {
  topic: string
  waiting: Waiting[]
}

/** What a record costs beyond its key and value, generously. */
const RECORD_OVERHEAD_BYTES = 1_000

/**
 * Group commit, topic by topic: a request goes out at once when none of its topic is in flight; what comes
 * meanwhile travels together in the next. So the records of a key stay in order, and what is wrong with one topic
 * is no other's matter.
 */
export const createProducer = (options: KafkaOptions, { acks }: ProducerOptions): SharedProducer => {
  const whole = new WholeSend()
  const producer = new Kafka(kafkajsConfig(options)).producer({
    createPartitioner: whole.createPartitioner,
    allowAutoTopicCreation: false,
  })
  const lanes = new Map<string, Lane>()
  let closed = false
  let connected: Promise<void> | undefined
  const connect = () => {
    connected ??= producer.connect().catch((error) => {
      connected = undefined
      throw error
    })
    return connected
  }

  const sendAll = async (lane: Lane): Promise<void> => {
    // At the next microtask, so that records of the same moment share a request.
    await Promise.resolve()
    while (lane.waiting.length > 0) {
      const batch = takeBatch(lane.waiting)
      try {
        if (closed) throw new Error('the producer was closed')
        await connect()
        const messages = batch.map(({ record: { key, value, headers } }) => ({ key, value, headers }))
        await whole.send(producer, { topic: lane.topic, acks, messages })
        for (const { done } of batch) done.resolve()
      } catch (error) {
        for (const { done } of batch) done.reject(notWritten(lane.topic, options, error))
      }
    }
    lanes.delete(lane.topic)
  }

  return {
    send: (record) => {
      const { topic, key, value } = record
      const bytes = RECORD_OVERHEAD_BYTES + Buffer.byteLength(key) + (value?.length ?? 0)
      const waiting: Waiting = { record, bytes, done: Promise.withResolvers() }
      const lane = lanes.get(topic)
      if (lane !== undefined) lane.waiting.push(waiting)
      else {
        const started = { topic, waiting: [waiting] }
        lanes.set(topic, started)
        void sendAll(started)
      }
      return waiting.done.promise
    },
    close: async () => {
      closed = true
      await connected?.catch(() => {})
      await producer.disconnect()
    },
  }
}

/** What one request may hold; one record alone always goes: the broker decides whether it is too large. */
const takeBatch = (waiting: Waiting[]): Waiting[] => {
  let count = 0
  for (let bytes = 0; count < waiting.length; count += 1) {
    bytes += waiting[count]!.bytes
    if (count > 0 && bytes > LIMITS.batchBytesMax) break
  }
  return waiting.splice(0, count)
}

const notWritten = (topic: string, { brokers }: KafkaOptions, error: unknown): RunnerError =>
  new RunnerError(
    'BROKER_UNAVAILABLE',
    `A record could not be written to topic "${topic}" at ${brokers.join(', ')}: ${messageOf(error)}.`,
    { cause: error },
  )
