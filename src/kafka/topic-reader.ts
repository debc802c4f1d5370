import type { KafkaOptions } from '../config.ts'
import { messageOf, RunnerError } from '../errors.ts'
import { Cluster } from './cluster.ts'
import type { FetchedRecord } from './fetch.ts'
import { partitionBatches, unreadable } from './partition-batches.ts'

/** A record of a topic with its place. */
export interface TopicRecord extends FetchedRecord {
  partition: number
}

export interface TopicBatch {
  partition: number
  /** In the order of their offsets; none where the cleaner or a transaction's marker left a gap. */
  records: TopicRecord[]
  /** Where to go on: keep it with what the batch led to. */
  nextOffset: number
  /** Where the partition ended when this was fetched. */
  highWatermark: number
}

export interface TopicReaderOptions {
  topic: string
  /** The next offset of each partition, 0 where none is named; moved up to what the topic still holds. */
  from: ReadonlyMap<number, number>
  /** Of one partition one batch after the other: the next is fetched when this has resolved. A rejection ends the reading. */
  onBatch(batch: TopicBatch): Promise<void>
  /** Once, when every partition was read to the end that it had then. */
  onCaughtUp?(): void
  /** What ended the reading: READ_FAILED, LOG_DAMAGED, or what onBatch was rejected with. */
  onError(error: RunnerError): void
  /** How long a partition may give no answer. @default 60_000 */
  readTimeoutMs?: number
}

export interface TopicReader {
  /**
   * Resolves when reading has begun.
   * @throws RunnerError BROKER_UNAVAILABLE, READ_FAILED when there is no such topic
   */
  start(): Promise<void>
  /** Resolves when the batches in hand are through. Idempotent. */
  stop(): Promise<void>
}

/** Reads all partitions of a topic from given offsets, without a consumer group: for who keeps the offsets himself. */
export const createTopicReader = (kafka: KafkaOptions, options: TopicReaderOptions): TopicReader => {
  const { topic, from, onBatch, onCaughtUp, onError, readTimeoutMs: limitMs = 60_000 } = options
  const cluster = new Cluster(kafka)
  const stopping = new AbortController()
  const { signal } = stopping
  let behind = 0
  let reading: Promise<unknown> = Promise.resolve()
  let stopped: Promise<void> | undefined

  const read = async (partition: number): Promise<void> => {
    let offset = from.get(partition) ?? 0
    let isBehind = true
    for await (const batch of partitionBatches(cluster, {
      topic,
      partition,
      from: offset,
      limitMs,
      signal,
    })) {
      const { records, nextOffset, highWatermark } = batch
      if (nextOffset > offset) {
        const placed = records.map((record) => Object.assign(record, { partition }))
        await onBatch({ partition, records: placed, nextOffset, highWatermark })
        offset = nextOffset
      }
      if (!isBehind || offset < highWatermark) continue
      isBehind = false
      behind -= 1
      if (behind === 0) onCaughtUp?.()
    }
  }

  const fail = (error: unknown): void => {
    if (signal.aborted) return
    stopping.abort()
    onError(error instanceof RunnerError ? error : unreadable(topic, messageOf(error), error))
  }

  return {
    start: async () => {
      behind = await cluster.partitionsOf(topic)
      if (behind === 0)
        throw unreadable(topic, 'there is no such topic. start() of a runner or worker creates it')
      reading = Promise.all(Array.from({ length: behind }, (_, partition) => read(partition).catch(fail)))
    },
    stop: () => {
      stopping.abort()
      stopped ??= (async () => {
        // First the connections: a fetch that waits for news would hold everything up.
        await cluster.close()
        await reading
      })()
      return stopped
    },
  }
}
