import type { MessageRecord } from '@platformatic/kafka'

/** One record to append. A null value is a tombstone. */
export interface AppendRecord {
  key: string
  value: Buffer | null
  headers: Record<string, string>
}

/** Builds the records of the n-th attempt, from 0: a repeated append must not repeat its keys. */
export type RecordsOf = (appendAttempt: number) => AppendRecord[]

export interface Appended {
  /** Offset of the first record. */
  baseOffset: number
  /** 0 when the first attempt did it; otherwise an earlier attempt's records may lie in the log too. */
  appendAttempt: number
}

export interface Item {
  recordsOf: RecordsOf
  records: AppendRecord[]
  bytes: number
  attempt: number
  deadline: number
  done: PromiseWithResolvers<Appended>
}

/** The waiting appends of one topic, in one place at a time: that keeps their order. */
export interface Lane {
  topic: string
  items: Item[]
}

/** What a record costs beyond its bytes, generously. */
const RECORD_OVERHEAD_BYTES = 64

export const sizeOf = (record: AppendRecord): number => {
  let bytes = RECORD_OVERHEAD_BYTES + Buffer.byteLength(record.key) + (record.value?.length ?? 0)
  for (const [name, value] of Object.entries(record.headers)) bytes += name.length + value.length + 4
  return bytes
}

/** Kafka's limits of a request and of one topic's batch in it. */
export interface BatchLimits {
  batchBytesMax: number
  requestBytesMax: number
}

export interface Batch {
  lane: Lane
  count: number
}

/** From every waiting lane what fits; a lane whose head does not fit waits for the next request. */
export const takeBatches = (ready: Set<Lane>, limits: BatchLimits): Batch[] => {
  const batches: Batch[] = []
  let requestBytes = 0
  for (const lane of ready) {
    let count = 0
    let bytes = 0
    for (const item of lane.items) {
      const full =
        bytes + item.bytes > limits.batchBytesMax || requestBytes + item.bytes > limits.requestBytesMax
      // One item alone always goes: the broker decides whether it is too large.
      if (full && (count > 0 || batches.length > 0)) break
      count += 1
      bytes += item.bytes
      requestBytes += item.bytes
    }
    if (count === 0) continue
    ready.delete(lane)
    batches.push({ lane, count })
  }
  return batches
}

export const messageFor = (topic: string, record: AppendRecord): MessageRecord => ({
  topic,
  partition: 0,
  key: Buffer.from(record.key),
  // The type has no null, but the encoder writes one: a tombstone.
  value: record.value as Buffer,
  headers: new Map(
    Object.entries(record.headers).map(([name, value]) => [bufferOf(name), Buffer.from(value)]),
  ),
})

/** Of header names, which are few: those that record.ts writes. */
const names = new Map<string, Buffer>()

const bufferOf = (name: string): Buffer => {
  const known = names.get(name) ?? Buffer.from(name)
  names.set(name, known)
  return known
}
