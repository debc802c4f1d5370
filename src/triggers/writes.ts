import { LIMITS } from '../config.ts'
import type { ProducerRecord, SharedProducer } from '../kafka/producer.ts'

/** What a record costs beyond its key and value, as the producer reckons. */
const RECORD_OVERHEAD_BYTES = 1_000

/**
 * Commands that wait to be written together. No more than one request takes: a request lands whole for each
 * partition or not at all, so a repeated one keeps the order of a thread's commands.
 */
export class Writes {
  #records: ProducerRecord[] = []
  #bytes = 0

  get isEmpty(): boolean {
    return this.#records.length === 0
  }

  hasRoomFor(records: ProducerRecord[]): boolean {
    return this.#bytes + sizeOf(records) <= LIMITS.batchBytesMax
  }

  add(records: ProducerRecord[]): void {
    this.#records.push(...records)
    this.#bytes += sizeOf(records)
  }

  /** May be repeated until it was acknowledged: a command that is there twice is answered once. */
  async send(producer: Pick<SharedProducer, 'send'>): Promise<void> {
    const results = await Promise.allSettled(this.#records.map((record) => producer.send(record)))
    const failed = results.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }
}

const sizeOf = (records: ProducerRecord[]): number =>
  records.reduce(
    (sum, { key, value, headers }) =>
      sum +
      RECORD_OVERHEAD_BYTES +
      Buffer.byteLength(key) +
      (value?.length ?? 0) +
      Buffer.byteLength(JSON.stringify(headers ?? {})),
    0,
  )
