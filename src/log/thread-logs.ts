import type { Appender } from '../kafka/appender.ts'
import type { Cluster } from '../kafka/cluster.ts'
import type { FetchedRecord } from '../kafka/fetch.ts'
import type { FollowHandlers } from '../kafka/follower.ts'
import type { Tail } from '../kafka/tail.ts'
import type { Logger } from '../logger.ts'
import type { System } from '../system.ts'
import { THREAD_TOPIC_CONFIG, threadTopic } from '../topics.ts'
import { decodeRecord, encodeRecord } from './codec.ts'
import { copyOf } from './copy.ts'
import { Feed } from './feed.ts'
import { Following } from './following.ts'
import type { LogPosition, ReadRecord, ThreadHandlers } from './reading.ts'
import type { EventRecord, LogRecord, NewRecord } from './record.ts'

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
  system: Pick<System, 'elapsed' | 'sleep'>
}

const START: LogPosition = { nextOffset: 0 }

export const createThreadLogs = (parts: ThreadLogParts): ThreadLogs => {
  const { cluster, appender, tail, prefix, logger, system } = parts
  const feed = new Feed(system)

  const decoderOf =
    (topic: string) =>
    (wire: FetchedRecord, shared?: boolean): ReadRecord =>
      new Read(wire, shared ? decodeOnce(wire, topic, logger) : decode(wire, topic, logger))

  const follow: ThreadLogs['follow'] = (threadId, from, handlers) => {
    const topic = threadTopic(prefix, threadId)
    const place = from === 0 ? START : from
    const following = new Following({ tail, topic, from: place, handlers, decode: decoderOf(topic) })
    feed.add(topic, following)
    return {
      stop: () => {
        feed.remove(topic, following)
        following.stop()
      },
    }
  }

  return {
    follow,
    ensure: async (threadId) => {
      const topic = threadTopic(prefix, threadId)
      if ((await cluster.locate(topic)) === undefined) await cluster.createTopic(topic, THREAD_TOPIC_CONFIG)
    },
    remove: (threadId, logId) => cluster.deleteTopic(threadTopic(prefix, threadId), logId),
    append: async (threadId, records) => {
      const topic = threadTopic(prefix, threadId)
      const appended = await appender.append(topic, (attempt) =>
        records.map((record) => encodeRecord(record, attempt)),
      )
      feed.appended(topic, records, appended)
      return appended
    },
    read: (threadId, from, onRecords) =>
      new Promise((resolve, reject) => {
        const topic = threadTopic(prefix, threadId)
        const decoded = decoderOf(topic)
        const { nextOffset: start, logId: wanted } = from === 0 ? START : from
        let logId = ''
        let position = start
        const handlers: FollowHandlers = {
          onLocated: (located) => {
            logId = located
          },
          onRecords: (fetched) => {
            onRecords(fetched.map((wire) => decoded(wire)))
            feed.read(topic, logId, position, () => fetched.map((wire) => decoded(wire)))
            position = (fetched.at(-1)?.offset ?? position) + 1
          },
          onCaughtUp: (nextOffset) => {
            reading.stop()
            resolve({ nextOffset, logId })
          },
          onMissing: () => resolve(undefined),
          onError: reject,
        }
        const reading = tail.follow(topic, start, handlers, wanted)
      }),
  }
}

class Read implements ReadRecord {
  readonly record: LogRecord
  private readonly wire: FetchedRecord

  constructor(wire: FetchedRecord, record: LogRecord) {
    this.wire = wire
    this.record = record
  }

  get key(): string {
    return this.wire.key
  }

  get offset(): number {
    return this.wire.offset
  }
}

const decode = (wire: FetchedRecord, topic: string, logger: Logger): LogRecord => {
  const record = decodeRecord(wire)
  if (record.kind === 'foreign')
    logger.warn('A record that is not ours was skipped', {
      topic,
      offset: wire.offset,
      reason: record.reason,
    })
  return record
}

/** A record that many readers of this process get is decoded for the first of them; each has an event of its own. */
const decodeOnce = (wire: FetchedRecord, topic: string, logger: Logger): LogRecord => {
  const known = wire.decoded as EventRecord | undefined
  if (known !== undefined) return copyOf(known)
  const record = decode(wire, topic, logger)
  if (record.kind !== 'event') return record
  wire.decoded = record
  return copyOf(record)
}
