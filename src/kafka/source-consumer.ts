// A default import: Node's scan of this CommonJS package does not find all of its names.
import kafkajs, { type Consumer, type EachBatchPayload, type KafkaMessage } from 'kafkajs'
import type { KafkaOptions } from '../config.ts'
import { messageOf, RunnerError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import { OVER, sleep } from '../sleep.ts'
import { type ConsumedRecord, consumedRecord } from './consumed-record.ts'
import { createGapWatch } from './gap-watch.ts'
import { FAILURES_EXPECTED, HEARTBEAT_MS, memberConfig } from './member.ts'
import { kafkajsConfig } from './options.ts'

/** A record of somebody else's topic. */
export interface SourceRecord extends ConsumedRecord {
  /** Milliseconds since 1970: Kafka's timestamp of the record. */
  time: number
}

export interface SourceConsumerOptions {
  topics: string[]
  groupId: string
  /** Kafka session.timeout.ms. */
  sessionTimeoutMs: number
  /**
   * Some records of one partition, in their order; the next come when this has resolved. They are committed when it
   * gives true. The signal aborts when they are to be let go: they come again, here or to another member. Never rejects.
   */
  onRecords(records: SourceRecord[], signal: AbortSignal): Promise<boolean>
  /** It will not read any more: what went wrong is nothing that time mends. */
  onError(error: RunnerError): void
  logger: Logger
}

export interface SourceConsumer {
  /** Resolves when it has joined the group. @throws when no broker answers */
  start(): Promise<void>
  /** Finishes what is in hand, within this time, and leaves the group. Idempotent. */
  stop(finishMs: number): Promise<void>
}

const RECORDS_MAX = 500
const PARTITIONS_AT_ONCE = 4

/** A member of a consumer group that reads several topics from their beginning, each record at least once. */
export const createSourceConsumer = (kafka: KafkaOptions, options: SourceConsumerOptions): SourceConsumer => {
  const { topics, groupId, sessionTimeoutMs } = options
  const consumer = new kafkajs.Kafka(kafkajsConfig(kafka)).consumer(memberConfig(groupId, sessionTimeoutMs))
  const leaving = new AbortController()
  const lettingGo = new AbortController()
  const joined = Promise.withResolvers<void>()
  let assigned: Record<string, number[]> = {}
  watch(consumer, options, (assignment) => {
    assigned = assignment
    joined.resolve()
  })
  const gaps = createGapWatch(kafka, {
    groupId,
    topics,
    isAssigned: (topic, partition) => assigned[topic]?.includes(partition) ?? false,
    skip: async ({ topic, partition, to }) => {
      consumer.seek({ topic, partition, offset: String(to) })
      await consumer.commitOffsets([{ topic, partition, offset: String(to) }])
    },
    logger: options.logger,
  })
  let stopped: Promise<void> | undefined

  const onBatch = async (payload: EachBatchPayload): Promise<void> => {
    const { batch, heartbeat, resolveOffset, commitOffsetsIfNecessary, isRunning, isStale } = payload
    const { topic, partition, messages } = batch
    for (let at = 0; at < messages.length; at += RECORDS_MAX) {
      if (leaving.signal.aborted || !isRunning() || isStale()) return
      const some = messages.slice(at, at + RECORDS_MAX)
      const records = some.map((message) => recordOf(topic, partition, message))
      if (!(await inHand(records, heartbeat))) return
      const last = some.at(-1)!.offset
      resolveOffset(last)
      const offset = String(BigInt(last) + 1n)
      await commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset }] }] })
      await heartbeat()
    }
  }

  /** A member that is busy lives by its heartbeats; when one says that it has lost its place, it lets go. */
  const inHand = async (records: SourceRecord[], heartbeat: () => Promise<void>): Promise<boolean> => {
    const lost = new AbortController()
    const done = new AbortController()
    const taken = options
      .onRecords(records, AbortSignal.any([lost.signal, lettingGo.signal]))
      .finally(() => done.abort(OVER))
    try {
      for (
        await sleep(HEARTBEAT_MS, done.signal);
        !done.signal.aborted;
        await sleep(HEARTBEAT_MS, done.signal)
      )
        await heartbeat()
    } catch (error) {
      lost.abort(OVER)
      await taken
      throw error
    }
    return taken
  }

  const stop = async (finishMs: number): Promise<void> => {
    leaving.abort(OVER)
    joined.resolve()
    const over = new AbortController()
    void sleep(finishMs, over.signal).then(() => lettingGo.abort(OVER))
    try {
      await gaps.stop()
      await consumer.disconnect()
    } catch (error) {
      options.logger.warn('The group of the triggers could not be left in order', { error: messageOf(error) })
    } finally {
      over.abort(OVER)
    }
  }

  return {
    start: async () => {
      await consumer.connect()
      await consumer.subscribe({ topics, fromBeginning: true })
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: PARTITIONS_AT_ONCE,
        eachBatch: onBatch,
      })
      await joined.promise
      gaps.start()
    },
    stop: (finishMs) => {
      stopped ??= stop(finishMs)
      return stopped
    },
  }
}

const watch = (
  consumer: Consumer,
  options: SourceConsumerOptions,
  onJoined: (assigned: Record<string, number[]>) => void,
): void => {
  let failures = 0
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    failures = 0
    onJoined(payload.memberAssignment)
    options.logger.info('The triggers read', { assigned: payload.memberAssignment })
  })
  consumer.on(consumer.events.CRASH, ({ payload: { error, restart } }) => {
    failures += 1
    if (!restart) {
      const message = `The triggers' topics cannot be read any more: ${error.message}. Check that this client may read them and use the group.`
      options.onError(new RunnerError('READ_FAILED', message, { cause: error }))
      return
    }
    const level = failures > FAILURES_EXPECTED ? 'warn' : 'info'
    options.logger[level]('Reading the triggers’ topics failed and starts again', {
      group: options.groupId,
      error: error.message,
    })
  })
}

const recordOf = (topic: string, partition: number, message: KafkaMessage): SourceRecord => ({
  ...consumedRecord(topic, partition, message),
  time: Number(message.timestamp),
})
