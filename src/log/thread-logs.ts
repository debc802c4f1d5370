import type { RunnerError } from '../errors.ts'
import type { Appender } from '../kafka/appender.ts'
import type { Cluster } from '../kafka/cluster.ts'
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

export interface ThreadHandlers {
  onRecords(records: ReadRecord[]): void
  /** Once: everything up to `nextOffset` has been delivered. */
  onCaughtUp?(nextOffset: number): void
  /** Instead of anything further: the thread has no log. */
  onMissing(): void
  onError(error: RunnerError): void
}

/** The thread logs of a prefix: where worker and connect meet, and nowhere else. */
export interface ThreadLogs {
  /** Creates the thread's log unless it exists. */
  ensure(threadId: string): Promise<void>
  append(threadId: string, records: NewRecord[]): Promise<{ baseOffset: number; appendAttempt: number }>
  follow(threadId: string, from: number, handlers: ThreadHandlers): { stop(): void }
  /**
   * Reads what the log holds at this moment from an offset on. Undefined when the thread has no log.
   * @throws RunnerError READ_FAILED
   */
  read(
    threadId: string,
    from: number,
    onRecords: (records: ReadRecord[]) => void,
  ): Promise<number | undefined>
}

export interface ThreadLogParts {
  cluster: Pick<Cluster, 'locate' | 'createTopic'>
  appender: Appender
  tail: Tail
  prefix: string
  logger: Logger
}

export const createThreadLogs = ({ cluster, appender, tail, prefix, logger }: ThreadLogParts): ThreadLogs => {
  const follow: ThreadLogs['follow'] = (threadId, from, handlers) => {
    const topic = threadTopic(prefix, threadId)
    return tail.follow(topic, from, {
      ...handlers,
      onRecords: (fetched) => {
        const records = fetched.map((wire) => {
          const record = decodeRecord(wire)
          if (record.kind === 'foreign') {
            logger.warn('A record that is not ours was skipped', {
              topic,
              offset: wire.offset,
              reason: record.reason,
            })
          }
          return { record, key: wire.key, offset: wire.offset }
        })
        handlers.onRecords(records)
      },
    })
  }

  return {
    follow,
    ensure: async (threadId) => {
      const topic = threadTopic(prefix, threadId)
      if ((await cluster.locate(topic)) === undefined) await cluster.createTopic(topic, THREAD_TOPIC_CONFIG)
    },
    append: (threadId, records) =>
      appender.append(threadTopic(prefix, threadId), (attempt) =>
        records.map((record) => encodeRecord(record, attempt)),
      ),
    read: (threadId, from, onRecords) =>
      new Promise((resolve, reject) => {
        const following = follow(threadId, from, {
          onRecords,
          onCaughtUp: (nextOffset) => {
            // Later, because a topic's first answer may come before `following` is set.
            queueMicrotask(() => following.stop())
            resolve(nextOffset)
          },
          onMissing: () => resolve(undefined),
          onError: reject,
        })
      }),
  }
}
