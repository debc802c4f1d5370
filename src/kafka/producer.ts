import { Kafka, Partitioners } from 'kafkajs'
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

export const createProducer = (options: KafkaOptions, { acks }: ProducerOptions): SharedProducer => {
  const producer = new Kafka(kafkajsConfig(options)).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: false,
  })
  let connected: Promise<void> | undefined
  const connect = () => {
    connected ??= producer.connect().catch((error) => {
      connected = undefined
      throw error
    })
    return connected
  }
  return {
    send: async ({ topic, key, value, headers }) => {
      try {
        await connect()
        await producer.send({ topic, acks, messages: [{ key, value, headers }] })
      } catch (error) {
        throw new RunnerError(
          'BROKER_UNAVAILABLE',
          `A record could not be written to topic "${topic}" at ${options.brokers.join(', ')}: ${messageOf(error)}.`,
          { cause: error },
        )
      }
    },
    close: async () => {
      await connected?.catch(() => {})
      await producer.disconnect()
    },
  }
}
