import type { RunnerError } from '../errors.ts'
import type { LogRecord } from './record.ts'

/** A record as a reader meets it. */
export interface ReadRecord {
  readonly record: LogRecord
  readonly key: string
  readonly offset: number
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
