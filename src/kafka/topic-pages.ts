import type { ConnectionPool } from '@platformatic/kafka'
import { messageOf, RunnerError } from '../errors.ts'
import { sleep } from '../sleep.ts'
import type { Cluster } from './cluster.ts'
import { type FetchedPartition, type FetchedRecord, fetchOnce, NO_SESSION } from './fetch.ts'
import { unreadable } from './partition-batches.ts'
import { KAFKA, nameOf } from './protocol-error.ts'

/** Reads topics of one partition to the end that they have now: for commands that look and go. */
export interface TopicPages {
  /**
   * Page by page, each fetched when the one before was taken; none of a topic that is not there.
   * @throws RunnerError READ_FAILED, BROKER_UNAVAILABLE
   */
  read(topic: string, from?: number): AsyncGenerator<FetchedRecord[]>
  close(): Promise<void>
}

const ATTEMPTS_MAX = 20
const RETRY_MS = 250
const UNKNOWN_END = Number.POSITIVE_INFINITY

/** All topics share one connection to each broker. */
export const createTopicPages = (cluster: Cluster): TopicPages => {
  const pool = cluster.newPool()
  return {
    read: (topic, from = 0) => pagesOf(cluster, pool, topic, from),
    close: () => cluster.closePool(pool),
  }
}

async function* pagesOf(
  cluster: Cluster,
  pool: ConnectionPool,
  topic: string,
  from: number,
): AsyncGenerator<FetchedRecord[]> {
  if ((await cluster.locate(topic)) === undefined) return
  let end: number | undefined
  for (let offset = from; ; ) {
    const page = await fetchPatiently(cluster, pool, topic, offset)
    // Where it ends when reading begins: a topic that is written to all the time would never end.
    if (page.highWatermark !== UNKNOWN_END) end ??= page.highWatermark
    const until = end ?? UNKNOWN_END
    yield page.records.filter((record) => record.offset >= offset && record.offset < until)
    offset = Math.max(offset, page.nextOffset ?? 0)
    if (offset >= until) return
  }
}

const fetchPatiently = async (
  cluster: Cluster,
  pool: ConnectionPool,
  topic: string,
  offset: number,
): Promise<FetchedPartition> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await fetchPage(cluster, pool, topic, offset)
    } catch (error) {
      cluster.forget(topic)
      if (attempt === ATTEMPTS_MAX || (error instanceof RunnerError && !error.retriable))
        throw unreadable(topic, messageOf(error), error)
    }
    await sleep(RETRY_MS)
  }
}

const fetchPage = async (
  cluster: Cluster,
  pool: ConnectionPool,
  topic: string,
  offset: number,
): Promise<FetchedPartition> => {
  const place = await cluster.locate(topic)
  if (place === undefined) throw unreadable(topic, 'it was deleted')
  const { topicId, leader } = place
  const answer = await fetchOnce(await pool.get(leader), {
    ...NO_SESSION,
    maxWaitMs: 0,
    partitions: [{ topicId, offset }],
    forgotten: [],
  })
  const [fetched] = answer.partitions
  const errorCode = fetched?.errorCode || answer.errorCode
  if (fetched !== undefined && errorCode === KAFKA.NONE) return fetched
  if (fetched === undefined || errorCode !== KAFKA.OFFSET_OUT_OF_RANGE) throw new Error(nameOf(errorCode))
  // Retention removed the start.
  const start = Number(await cluster.earliestOffset(topic, 0, leader))
  if (start > offset) return { ...fetched, records: [], nextOffset: start, highWatermark: UNKNOWN_END }
  // Asked for beyond its end: there is nothing.
  return { ...fetched, records: [], nextOffset: offset, highWatermark: offset }
}
