import { type Connection, fetchV17, type RecordsBatch } from '@platformatic/kafka'
import { answerOf } from './protocol-error.ts'
import { RepeatedText } from './repeated-text.ts'

/** A record as it lies in a partition. */
export interface FetchedRecord {
  offset: number
  key: string
  value: Buffer | null
  headers: Record<string, string>
  /** Milliseconds since 1970: Kafka's timestamp of the record. */
  time: number
  /** What its first reader made of it: the topic's other readers in this process get the same record. */
  decoded?: unknown
}

/** What one fetch brought of one partition. */
export interface FetchedPartition {
  topicId: string
  /** Whether more than one reader gets the records. */
  shared?: boolean
  errorCode: number
  records: FetchedRecord[]
  /** Where to fetch next: behind the last batch, also when the cleaner left it empty. */
  nextOffset: number | undefined
  highWatermark: number
}

export interface FetchRequest {
  maxWaitMs: number
  sessionId: number
  sessionEpoch: number
  /** Of each topic its only partition, unless another is named. */
  partitions: { topicId: string; partition?: number; offset: number }[]
  forgotten: string[]
}

export interface FetchAnswer {
  errorCode: number
  sessionId: number
  partitions: FetchedPartition[]
}

const FETCH_BYTES_MAX = 16 * 1024 * 1024
const PARTITION_BYTES_MAX = 4 * 1024 * 1024
const IS_CONTROL_BATCH = 0b10_0000

/** Session numbers of a fetch that wants none. */
export const NO_SESSION = { sessionId: 0, sessionEpoch: -1 }

/** One Fetch request. Errors of the session or of a partition come in the answer; only a lost broker throws. */
export const fetchOnce = async (connection: Connection, request: FetchRequest): Promise<FetchAnswer> => {
  const answer = await answerOf(
    fetchV17.api.async(
      connection,
      request.maxWaitMs,
      1,
      FETCH_BYTES_MAX,
      0,
      request.sessionId,
      request.sessionEpoch,
      request.partitions.map(({ topicId, partition = 0, offset }) => ({
        topicId,
        partitions: [
          {
            partition,
            currentLeaderEpoch: -1,
            fetchOffset: BigInt(offset),
            lastFetchedEpoch: -1,
            partitionMaxBytes: PARTITION_BYTES_MAX,
          },
        ],
      })),
      request.forgotten.map((topicId) => ({ topicId, partitions: [0] })),
      '',
    ),
  )
  return {
    errorCode: answer.errorCode,
    sessionId: answer.sessionId,
    partitions: answer.responses.flatMap(readTopic),
  }
}

const readTopic = (topic: fetchV17.FetchResponseTopic): FetchedPartition[] =>
  topic.partitions.map((partition) => {
    const batches = partition.records ?? []
    const last = batches.at(-1)
    return {
      topicId: topic.topicId,
      errorCode: partition.errorCode,
      highWatermark: Number(partition.highWatermark),
      nextOffset: last && Number(last.firstOffset) + last.lastOffsetDelta + 1,
      records: batches.flatMap(readBatch),
    }
  })

const readBatch = (batch: RecordsBatch): FetchedRecord[] => {
  if ((batch.attributes & IS_CONTROL_BATCH) !== 0) return []
  return batch.records.map((record) => new RecordOf(batch, record))
}

/** Most readers never look at a key. */
class RecordOf implements FetchedRecord {
  readonly offset: number
  readonly value: Buffer | null
  readonly headers: Record<string, string>
  readonly time: number
  decoded?: unknown
  private readonly rawKey: Buffer | null

  constructor(batch: RecordsBatch, record: RecordsBatch['records'][number]) {
    this.offset = Number(batch.firstOffset) + record.offsetDelta
    this.value = record.value
    this.headers = headersOf(record.headers)
    this.time = Number(batch.firstTimestamp + record.timestampDelta)
    this.rawKey = record.key
  }

  get key(): string {
    return this.rawKey?.toString('utf8') ?? ''
  }
}

const names = new RepeatedText()
const values = new RepeatedText()

const headersOf = (raw: [Buffer | null, Buffer | null][]): Record<string, string> => {
  const headers: Record<string, string> = {}
  for (const [at, [name, value]] of raw.entries())
    headers[name === null ? '' : names.at(at, name)] = value === null ? '' : values.at(at, value)
  return headers
}
