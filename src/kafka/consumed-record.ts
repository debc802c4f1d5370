import type { KafkaMessage } from 'kafkajs'

/** A record of a topic that a consumer group reads, with its place. */
export interface ConsumedRecord {
  topic: string
  partition: number
  offset: number
  /** As text; undefined for a record without a key. */
  key: string | undefined
  /** Null is a tombstone. */
  value: Buffer | null
  headers: Record<string, string>
}

/** What kafkajs hands over; of a header that is there several times the first counts. */
export const consumedRecord = (topic: string, partition: number, message: KafkaMessage): ConsumedRecord => ({
  topic,
  partition,
  offset: Number(message.offset),
  key: message.key?.toString('utf8'),
  value: message.value,
  headers: Object.fromEntries(
    Object.entries(message.headers ?? {}).map(([name, value]) => [
      name,
      String(Array.isArray(value) ? value[0] : value),
    ]),
  ),
})
