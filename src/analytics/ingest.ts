import { mkdirSync } from 'node:fs'
import type { ClientConfig } from '../config.ts'
import type { RunnerError } from '../errors.ts'
import { createTopicReader, type TopicBatch } from '../kafka/topic-reader.ts'
import type { Logger } from '../logger.ts'
import { sharedTopics } from '../topics.ts'
import { type Backfill, createBackfill } from './backfill.ts'
import { createBatchDecoder } from './batch-decoder.ts'
import { lockFolder } from './folder-lock.ts'
import { createGoneRecords } from './gone-records.ts'
import { type Added, Sink } from './sink.ts'

export interface IngestOptions {
  config: ClientConfig
  /** Where the tables are. */
  folder: string
  /** Most time between a record's arrival and its rows' file. @default 60_000 */
  flushIntervalMs?: number
  /** Rows that wait in memory, of all tables, before they are written. @default 250_000 */
  flushRows?: number
  /** Ends when all was read that was there at the start. @default false */
  once?: boolean
  /** When all was read that was there at the start. */
  onCaughtUp?(): void
  logger: Logger
}

export interface Ingest {
  /**
   * Resolves when reading has begun.
   * @throws RunnerError PACKAGE_MISSING, DATA_DIR_IN_USE, CONFIG_INVALID, BROKER_UNAVAILABLE, READ_FAILED
   */
  start(): Promise<void>
  /** Writes what was read, and closes. Idempotent. */
  stop(): Promise<void>
  /** Resolves when it is stopped, or with `once` is through; rejects with what ended it. */
  ended: Promise<void>
  added(): Added
  backfill: Backfill
}

/** `<prefix>.runs` into Parquet, from where the folder's ledger left it. */
export const createIngest = (options: IngestOptions): Ingest => {
  const { config, folder, flushIntervalMs = 60_000, flushRows = 250_000, once = false, logger } = options
  const topic = sharedTopics(config.prefix, config.commandPartitions).runs.name
  const decode = createBatchDecoder(config, topic, logger)
  const backfill = createBackfill()
  const ended = Promise.withResolvers<void>()
  // Who only calls stop() is told there.
  ended.promise.catch(() => {})
  let tellGone: ReturnType<typeof createGoneRecords> | undefined
  let starting: Promise<void> | undefined
  let sink: Sink | undefined
  let lock: ReturnType<typeof lockFolder> | undefined
  let reader: ReturnType<typeof createTopicReader> | undefined
  let timer: NodeJS.Timeout | undefined
  let failed: RunnerError | undefined
  let stopped: Promise<void> | undefined
  let turn: Promise<void> = Promise.resolve()

  /** Partitions are read side by side, and there is one sink. */
  const inTurn = (step: () => Promise<void>): Promise<void> => {
    const result = turn.then(() => (failed === undefined ? step() : Promise.reject(failed)))
    turn = result.catch(() => {})
    return result
  }
  const take = async (batch: TopicBatch): Promise<void> => {
    const placed = await decode(batch.records)
    backfill.take(batch)
    tellGone?.(batch)
    sink!.take(batch.partition, placed, batch.nextOffset)
    if (sink!.waiting >= flushRows) await flush()
  }
  const flush = async (): Promise<void> => {
    try {
      await sink!.flush()
    } catch (error) {
      fail(error as RunnerError)
      throw error
    }
  }
  const fail = (error: RunnerError): void => {
    failed ??= error
    void stop().catch(() => {})
  }
  const close = async (): Promise<void> => {
    // What is half open would stay open.
    await starting?.catch(() => {})
    clearInterval(timer)
    try {
      await reader?.stop()
      await turn
      // What was taken whole may be written even when reading failed; not after a write failed.
      if (failed?.code !== 'ANALYTICS_WRITE_FAILED') await sink?.flush()
    } catch (error) {
      failed ??= error as RunnerError
    } finally {
      sink?.close()
      lock?.release()
    }
    if (failed === undefined) ended.resolve()
    else ended.reject(failed)
  }
  const stop = (): Promise<void> => {
    stopped ??= close()
    return stopped
  }

  const open = async (): Promise<void> => {
    mkdirSync(folder, { recursive: true })
    lock = lockFolder(folder)
    sink = await Sink.open(folder, topic)
    const from = sink.offsets()
    tellGone = createGoneRecords(topic, from, logger)
    reader = createTopicReader(config.kafka, {
      topic,
      from,
      readTimeoutMs: config.readTimeoutMs,
      onBatch: (batch) => inTurn(() => take(batch)),
      onCaughtUp: () => {
        backfill.end()
        if (once) void stop()
        options.onCaughtUp?.()
      },
      onError: fail,
    })
    await reader.start()
    timer = setInterval(() => void inTurn(flush).catch(() => {}), flushIntervalMs)
  }

  return {
    start: async () => {
      try {
        starting ??= open()
        await starting
      } catch (error) {
        failed ??= error as RunnerError
        await stop()
        throw error
      }
    },
    stop,
    ended: ended.promise,
    added: () => ({ ...(sink?.added ?? NOTHING) }),
    backfill,
  }
}

const NOTHING: Added = { runs: 0, events: 0, rawEvents: 0, repeated: 0, skipped: 0 }
