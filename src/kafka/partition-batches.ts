import { messageOf, RunnerError } from '../errors.ts'
import { sleep } from '../sleep.ts'
import type { Cluster, Place } from './cluster.ts'
import { type FetchedPartition, type FetchedRecord, fetchOnce, NO_SESSION } from './fetch.ts'
import { KAFKA, nameOf } from './protocol-error.ts'

export interface PartitionBatch {
  records: FetchedRecord[]
  /** Behind the records, and behind what the cleaner or a transaction left out. */
  nextOffset: number
  highWatermark: number
}

export interface PartitionBatchesOptions {
  topic: string
  partition: number
  /** Moved up to what the partition still holds. */
  from: number
  /** How long it may give no answer. */
  limitMs: number
  signal: AbortSignal
}

const WAIT_MS = 500
const RETRY_MS = 250

/**
 * A partition's records, batch by batch and without end; an empty batch where nothing new came.
 * @throws RunnerError READ_FAILED, LOG_DAMAGED when it ends before the offset
 */
export async function* partitionBatches(
  cluster: Cluster,
  options: PartitionBatchesOptions,
): AsyncGenerator<PartitionBatch> {
  const { from, signal } = options
  const fetchPatiently = createSource(cluster, options)
  for (let offset = from; ; ) {
    const fetched = await fetchPatiently(offset)
    if (signal.aborted || fetched === undefined) return
    const records = fetched.records.filter((record) => record.offset >= offset)
    offset = Math.max(offset, fetched.nextOffset ?? 0)
    yield { records, nextOffset: offset, highWatermark: fetched.highWatermark }
    if (signal.aborted) return
  }
}

/** Asks wherever the partition is served, again and again for as long as the limit; undefined when it is aborted. */
const createSource = (cluster: Cluster, { topic, partition, limitMs, signal }: PartitionBatchesOptions) => {
  // Of its own: a broker answers one request of a connection at a time, and this one waits for news.
  const pool = cluster.newPool()
  let place: Place | undefined

  const fetchFrom = async (offset: number): Promise<FetchedPartition> => {
    place ??= await cluster.locatePartition(topic, partition)
    if (place === undefined) throw new Error('it has no leader')
    const { topicId, leader } = place
    const partitions = [{ topicId, partition, offset }]
    const connection = await pool.get(leader)
    const answer = await fetchOnce(connection, {
      ...NO_SESSION,
      maxWaitMs: WAIT_MS,
      partitions,
      forgotten: [],
    })
    const [fetched] = answer.partitions
    const errorCode = fetched?.errorCode || answer.errorCode
    if (fetched !== undefined && errorCode === KAFKA.NONE) return fetched
    if (fetched === undefined || errorCode !== KAFKA.OFFSET_OUT_OF_RANGE) throw new Error(nameOf(errorCode))
    const start = Number(await cluster.earliestOffset(topic, partition, leader))
    if (start <= offset) throw endsBefore(topic, partition, offset)
    // Where it ends the broker does not say with this error.
    return { ...fetched, nextOffset: start, records: [], highWatermark: Number.POSITIVE_INFINITY }
  }

  return async (offset: number): Promise<FetchedPartition | undefined> => {
    const from = performance.now()
    while (!signal.aborted) {
      try {
        return await fetchFrom(offset)
      } catch (error) {
        place = undefined
        if (signal.aborted) break
        if (error instanceof RunnerError && !error.retriable) throw error
        if (performance.now() - from > limitMs) throw unreadable(topic, messageOf(error), error)
        await sleep(RETRY_MS, signal)
      }
    }
    return undefined
  }
}

export const unreadable = (topic: string, why: string, cause?: unknown): RunnerError =>
  new RunnerError('READ_FAILED', `Topic "${topic}" cannot be read: ${why}. Check that the brokers are up.`, {
    cause,
  })

const endsBefore = (topic: string, partition: number, offset: number): RunnerError =>
  new RunnerError(
    'LOG_DAMAGED',
    `Partition ${partition} of topic "${topic}" ends before offset ${offset}, up to which it was read: it is another ` +
      'topic of that name by now, or records were lost. Begin anew, without the offsets that were kept.',
  )
