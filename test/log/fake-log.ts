import type { BaseEvent } from '@ag-ui/client'
import type { Appender } from '../../src/kafka/appender.ts'
import type { FetchedRecord } from '../../src/kafka/fetch.ts'
import type { FollowHandlers } from '../../src/kafka/follower.ts'
import type { Tail } from '../../src/kafka/tail.ts'
import { encodeRecord, type WireRecord } from '../../src/log/codec.ts'
import type { LogPosition, ReadRecord } from '../../src/log/reading.ts'
import type { ClaimRecord, EventRecord, NewRecord, RejectedRecord } from '../../src/log/record.ts'
import { createThreadLogs, type ThreadLogs } from '../../src/log/thread-logs.ts'
import { randomFrom } from '../simulator/random.ts'
import { createScheduler } from '../simulator/scheduler.ts'
import { quiet } from '../support/quiet.ts'

const LOG_ID = 'log-1'

/** How long things take in the fake. */
export interface Delays {
  ackMs: number
  fetchMs: number
}

/** One thread's log on a clock of its own, and this process's access to it. */
export const createFakeLog = ({ ackMs, fetchMs }: Delays = { ackMs: 2, fetchMs: 5 }) => {
  const scheduler = createScheduler(randomFrom(1))
  const sleep = (ms: number) => new Promise<void>((resolve) => void scheduler.later(ms, resolve))
  const stored: FetchedRecord[] = []
  const fetching = new Set<Fetching>()
  let acked: Promise<unknown> = Promise.resolve()
  let attempts = 0

  const store = (records: readonly WireRecord[]): number => {
    const base = stored.length
    for (const [at, record] of records.entries()) stored.push({ ...record, offset: base + at, time: 0 })
    for (const reader of fetching) reader.wake()
    return base
  }

  const tail: Tail = {
    follow: (_topic, from, handlers) => {
      const reader = fetchFrom(stored, from, handlers, (act) => void scheduler.later(fetchMs, act))
      fetching.add(reader)
      reader.wake()
      const stop = () => {
        reader.stopped = true
        fetching.delete(reader)
      }
      return { stop }
    },
    close: async () => {},
  }

  const appender: Appender = {
    append: async (_topic, recordsOf) => {
      const appendAttempt = attempts
      attempts = 0
      // The attempts before it landed too, and nobody heard of it.
      for (let attempt = 0; attempt < appendAttempt; attempt += 1) store(recordsOf(attempt))
      const baseOffset = store(recordsOf(appendAttempt))
      acked = acked.then(() => sleep(ackMs))
      await acked
      return { baseOffset, appendAttempt }
    },
    close: async () => {},
  }

  const system = { elapsed: scheduler.now, sleep }
  const logs: ThreadLogs = createThreadLogs({
    cluster: {} as never,
    appender,
    tail,
    prefix: 'p',
    logger: quiet,
    system,
  })

  return {
    logs,
    stored,
    scheduler,
    append: (...records: NewRecord[]) => logs.append('t', records),
    /** What another process writes. */
    others: (...records: NewRecord[]) => void store(records.map((record) => encodeRecord(record))),
    /** The next append needs so many attempts more than one. */
    failNext: (times: number) => {
      attempts = times
    },
    pass: (ms: number) => scheduler.run(scheduler.now() + ms),
    /** How many readers cost fetches at this moment. */
    fetchers: () => fetching.size,
  }
}

export type FakeLog = ReturnType<typeof createFakeLog>

interface Fetching {
  stopped: boolean
  wake(): void
}

/** Brings two records at most at a time, so that a reader can be in the middle of a batch. */
const fetchFrom = (
  stored: readonly FetchedRecord[],
  from: number,
  handlers: FollowHandlers,
  later: (act: () => void) => void,
): Fetching => {
  let position = from
  let isUnderWay = false
  let progress: 'none' | 'located' | 'caught up' = 'none'
  const fetch = (): void => {
    isUnderWay = false
    if (reader.stopped) return
    if (progress === 'none') {
      progress = 'located'
      handlers.onLocated?.(LOG_ID)
    }
    const records = stored.slice(position, position + 2)
    position += records.length
    if (records.length > 0) handlers.onRecords(records, true)
    if (reader.stopped) return
    if (position < stored.length) reader.wake()
    else if (progress === 'located') {
      progress = 'caught up'
      handlers.onCaughtUp?.(position)
    }
  }
  const reader: Fetching = {
    stopped: false,
    wake: () => {
      if (isUnderWay) return
      isUnderWay = true
      later(fetch)
    },
  }
  return reader
}

/** A reader that notes what it gets. */
export const readerOf = (
  logs: ThreadLogs,
  from: LogPosition | 0 = 0,
  onRecords: (records: ReadRecord[]) => void = () => {},
) => {
  const records: ReadRecord[] = []
  const caughtUp: number[] = []
  const { stop } = logs.follow('t', from, {
    onRecords: (more) => {
      records.push(...more)
      onRecords(more)
    },
    onCaughtUp: (nextOffset) => caughtUp.push(nextOffset),
    onMissing: () => {},
    onError: () => {},
  })
  return { records, caughtUp, stop, offsets: () => records.map(({ offset }) => offset) }
}

let made = 0

export const anEvent = (type = 'TEXT_MESSAGE_CONTENT', fields: object = {}): EventRecord => {
  made += 1
  const event = { type, ...fields } as BaseEvent
  return { kind: 'event', claimId: 'claim', seq: made, event, time: 0 }
}

export const aClaim = (): ClaimRecord => {
  made += 1
  const who = { commandId: 'c', runId: 'r', agentId: 'a', workerId: 'w', instanceId: 'w', time: 0 }
  return { kind: 'claim', claimId: `claim-${made}`, after: null, claim: 'new', ...who }
}

export const aRejection = (): RejectedRecord => {
  made += 1
  const about = { commandId: 'c', runId: 'r', code: 'THREAD_BUSY', message: '' }
  return { kind: 'rejected', rejectionId: `rejection-${made}`, ...about }
}
