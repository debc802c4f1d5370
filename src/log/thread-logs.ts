import type { RunnerError } from '../errors.ts'
import type { Appender } from '../kafka/appender.ts'
import type { Cluster } from '../kafka/cluster.ts'
import type { FetchedRecord } from '../kafka/fetch.ts'
import type { Tail } from '../kafka/tail.ts'
import type { Logger } from '../logger.ts'
import { THREAD_TOPIC_CONFIG, threadTopic } from '../topics.ts'
import { decodeRecord, encodeRecord } from './codec.ts'
import type { LogRecord, NewRecord } from './record.ts'

/** A record as a reader meets it. */
export interface ReadRecord {
  record: LogRecord
  key: string
  offset: number
}

/**
 * A place in a thread's log. A thread that was deleted may have a log again, which is another one: an offset
 * means nothing in it.
 */
export interface LogPosition {
  nextOffset: number
  /** Of which log; none where nothing of it was read yet. */
  logId?: string
}

export interface ThreadHandlers {
  /** Once, before anything else of it: which log is read. */
  onLocated?(logId: string): void
  onRecords(records: ReadRecord[]): void
  /** Once: everything up to `nextOffset` has been delivered. */
  onCaughtUp?(nextOffset: number): void
  /** Instead of everything: the thread has no log, or not the one that was asked for. */
  onMissing(): void
  /** Instead of anything further: the log that was read was removed. `onMissing` unless given. */
  onGone?(): void
  onError(error: RunnerError): void
}

/** The thread logs of a prefix: where worker and connect meet, and nowhere else. */
export interface ThreadLogs {
  /** Creates the thread's log unless it exists. */
  ensure(threadId: string): Promise<void>
  append(threadId: string, records: NewRecord[]): Promise<{ baseOffset: number; appendAttempt: number }>
  /** From a place, or from the beginning of the log that there is. */
  follow(threadId: string, from: LogPosition | 0, handlers: ThreadHandlers): { stop(): void }
  /**
   * Reads what the log holds at this moment, and tells where that ended. Undefined when the thread has no log,
   * or not the one that was asked for.
   * @throws RunnerError READ_FAILED
   */
  read(
    threadId: string,
    from: LogPosition | 0,
    onRecords: (records: ReadRecord[]) => void,
  ): Promise<Required<LogPosition> | undefined>
  /**
   * Removes exactly this log, and none that the thread has had since. Idempotent.
   * @throws RunnerError BROKER_UNAVAILABLE
   */
  remove(threadId: string, logId: string): Promise<void>
}

export interface ThreadLogParts {
  cluster: Pick<Cluster, 'locate' | 'createTopic' | 'deleteTopic'>
  appender: Appender
  tail: Tail
  prefix: string
  logger: Logger
}

const START: LogPosition = { nextOffset: 0 }

export const createThreadLogs = ({ cluster, appender, tail, prefix, logger }: ThreadLogParts): ThreadLogs => {
  const follow: ThreadLogs['follow'] = (threadId, from, handlers) => {
    const topic = threadTopic(prefix, threadId)
    const { nextOffset, logId } = from === 0 ? START : from
    const decode = (wire: FetchedRecord): ReadRecord => {
      const { key, offset } = wire
      const record = decodeRecord(wire)
      if (record.kind === 'foreign')
        logger.warn('A record that is not ours was skipped', { topic, offset, reason: record.reason })
      return { record, key, offset }
    }
    const onRecords = (fetched: FetchedRecord[]) => handlers.onRecords(fetched.map(decode))
    return tail.follow(topic, nextOffset, { ...handlers, onRecords }, logId)
  }

  return {
    follow,
    ensure: async (threadId) => {
      const topic = threadTopic(prefix, threadId)
      if ((await cluster.locate(topic)) === undefined) await cluster.createTopic(topic, THREAD_TOPIC_CONFIG)
    },
    remove: (threadId, logId) => cluster.deleteTopic(threadTopic(prefix, threadId), logId),
    append: (threadId, records) =>
      appender.append(threadTopic(prefix, threadId), (attempt) =>
        records.map((record) => encodeRecord(record, attempt)),
      ),
    read: (threadId, from, onRecords) =>
      new Promise((resolve, reject) => {
        let logId = ''
        const following = follow(threadId, from, {
          onLocated: (located) => {
            logId = located
          },
          onRecords,
          onCaughtUp: (nextOffset) => {
            following.stop()
            resolve({ nextOffset, logId })
          },
          onMissing: () => resolve(undefined),
          onError: reject,
        })
      }),
  }
}
