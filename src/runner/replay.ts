import { Observable, type Subscriber } from 'rxjs'
import { RunnerError } from '../errors.ts'
import { ThreadHistory } from '../log/history.ts'
import type { ReadRecord } from '../log/reading.ts'
import { type EventRecord, isTerminal } from '../log/record.ts'
import {
  applyRecord,
  EMPTY_THREAD,
  isRejected,
  lastSeq,
  openRun,
  type Run,
  runOf,
  type ThreadState,
  type Verdict,
} from '../log/reducer.ts'
import type { ThreadLogs } from '../log/thread-logs.ts'
import { type Cursor, cursorUnknown } from './cursor.ts'
import type { ReadEvent } from './read-event.ts'
import { eventsAfter, isPhantom } from './resume.ts'
import type { RunCall } from './run-call.ts'
import { threadDeleted } from './thread-deleted.ts'

export interface ReplayOptions {
  logs: ThreadLogs
  threadId: string
  /** What the reader has already. */
  after: Cursor
  /** Stay when the thread is idle, and show later runs too. */
  follow: boolean
  /** A run of this process that is to be waited for, although no claim may be in the log yet. */
  awaited?: RunCall
}

/**
 * What a reader is missing of a thread: all finished runs, compacted, then the one that goes on, live. It errs
 * with CURSOR_UNKNOWN, THREAD_DELETED, LOG_DAMAGED, READER_TOO_SLOW or READ_FAILED.
 */
export const replay = (options: ReplayOptions): Observable<ReadEvent> =>
  new Observable((subscriber) => {
    const reader = new ThreadReader(options, subscriber)
    void reader.start()
    return () => reader.stop()
  })

class ThreadReader {
  readonly #options: ReplayOptions
  readonly #subscriber: Subscriber<ReadEvent>
  /** Until the replay is out. */
  #history: ThreadHistory | undefined
  #state: ThreadState = EMPTY_THREAD
  #lastSeq = 0
  #awaited: RunCall | undefined
  #callIsDone = false
  #following: { stop(): void } | undefined
  #stopped = false

  constructor(options: ReplayOptions, subscriber: Subscriber<ReadEvent>) {
    this.#options = options
    this.#history = new ThreadHistory('all', options.after.seq)
    this.#subscriber = subscriber
  }

  async start(): Promise<void> {
    const { logs, threadId, awaited } = this.#options
    this.#awaited = awaited
    await awaited?.ready
    void awaited?.done.then(() => this.#stopAwaiting())
    if (this.#stopped) return
    this.#following = logs.follow(threadId, 0, {
      onRecords: (records) => this.#read(records),
      onCaughtUp: () => this.#catchUp(),
      onMissing: () => this.#miss(),
      onGone: () => this.#fail(threadDeleted(threadId)),
      onError: (error) => this.#fail(error),
    })
  }

  stop(): void {
    this.#stopped = true
    this.#following?.stop()
  }

  #read(records: ReadRecord[]): void {
    for (const { record, key } of records) {
      if (this.#stopped) return
      if (this.#history !== undefined) {
        if (this.#history.apply(record, key).did === 'delete')
          this.#fail(threadDeleted(this.#options.threadId))
        continue
      }
      const [state, verdict] = applyRecord(this.#state, record)
      this.#state = state
      this.#show(verdict)
    }
  }

  #miss(): void {
    const { after } = this.#options
    if (after.seq > 0 || after.count > 0) this.#fail(cursorUnknown(after, 0))
    else this.#complete()
  }

  /** All that the log held when the replay reached its end goes out in one go; from here on, record by record. */
  #catchUp(): void {
    const history = this.#history
    if (history === undefined) return
    try {
      const { after } = this.#options
      for (const missing of eventsAfter(history.runs(), after)) this.#subscriber.next(missing)
    } catch (error) {
      this.#fail(error)
      return
    }
    this.#state = history.state
    this.#lastSeq = lastSeq(history.state)
    this.#history = undefined
    this.#completeIfIdle()
  }

  #show(verdict: Verdict): void {
    if (verdict.did === 'delete') this.#fail(threadDeleted(this.#options.threadId))
    if (verdict.did === 'show') this.#showEvent(verdict.run, verdict.record)
    const ends = verdict.did === 'show' && isTerminal(verdict.record.event)
    if (ends || verdict.did === 'reject') this.#completeIfIdle()
  }

  #showEvent(run: Run, { event, seq }: EventRecord): void {
    if (seq !== this.#lastSeq + 1) {
      this.#fail(tooSlow(this.#options.threadId, this.#lastSeq))
      return
    }
    this.#lastSeq = seq
    if (!isPhantom(run)) this.#subscriber.next({ event, cursor: String(seq) })
  }

  /** A call that nobody answered is waited for no longer; one that was, until this reader has seen it too. */
  #stopAwaiting(): void {
    if (this.#awaited?.answered === false) this.#awaited = undefined
    this.#callIsDone = true
    if (this.#history === undefined) this.#completeIfIdle()
  }

  #completeIfIdle(): void {
    if (this.#options.follow || openRun(this.#state) !== undefined) return
    const commandId = this.#awaited?.commandId
    const isSeen =
      commandId === undefined ||
      runOf(this.#state, commandId) !== undefined ||
      isRejected(this.#state, commandId)
    // Whoever hears of the end may run the thread again at once, which the call would still forbid.
    if (isSeen && (commandId === undefined || this.#callIsDone)) this.#complete()
  }

  #complete(): void {
    if (this.#stopped) return
    this.#subscriber.complete()
    this.stop()
  }

  #fail(error: unknown): void {
    if (this.#stopped) return
    this.#subscriber.error(error)
    this.stop()
  }
}

/** Compaction replaced raw events before they were read: what replaced them needs a new replay. */
const tooSlow = (threadId: string, seq: number): RunnerError =>
  new RunnerError(
    'READER_TOO_SLOW',
    `Events of thread "${threadId}" were compacted before they were read. Connect again with the cursor ` +
      `${seq} to get exactly what is missing.`,
  )
