import { Observable, type Subscriber } from 'rxjs'
import { RunnerError } from '../errors.ts'
import { assertWhole, type RunHistory, ThreadHistory } from '../log/history.ts'
import type { ReadRecord } from '../log/reading.ts'
import { type EventRecord, isTerminal } from '../log/record.ts'
import {
  applyRecord,
  EMPTY_THREAD,
  isRejected,
  lastSeq,
  missing,
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
  /** How many of the thread's runs were given, or need not be. */
  #runsGiven = 0
  /** Whether the run in which the reader goes on has been reached. */
  #resumed = false
  #state: ThreadState = EMPTY_THREAD
  #lastSeq = 0
  /** Whether the log was read to where it ended. */
  #atEnd = false
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
    for (const { record } of records) {
      if (this.#stopped) return
      if (this.#history !== undefined) {
        const { did } = this.#history.apply(record)
        if (did === 'delete') this.#fail(threadDeleted(this.#options.threadId))
        if (did === 'claim') this.#giveRuns(this.#history, this.#history.state.past)
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

  /**
   * Gives runs that are over as soon as the next one begins, so that no more than one is held in memory. Where
   * events are missing, a run record may still come: what follows waits for the end of the log.
   */
  #giveRuns(history: ThreadHistory, runs: readonly Run[]): void {
    try {
      for (; this.#runsGiven < runs.length; this.#runsGiven += 1) {
        const run = runs[this.#runsGiven]!
        const isEnd = run === history.state.latest
        if (run.lastSeq > this.#options.after.seq) {
          if (isEnd || this.#atEnd) assertWhole(run)
          else if (missing(run) > 0) return
          this.#give(history.historyOf(run))
        }
        if (!isEnd) history.forget(run)
        if (this.#stopped) return
      }
    } catch (error) {
      this.#fail(error)
    }
  }

  #give(run: RunHistory): void {
    const cursor = this.#resumed ? { seq: run.run.firstSeq - 1, count: 0 } : this.#options.after
    const due = eventsAfter([run], cursor)
    this.#resumed = true
    for (const event of due) this.#subscriber.next(event)
  }

  /** What is left of the replay; from here on, record by record. */
  #catchUp(): void {
    const history = this.#history
    if (history === undefined) return
    const { past, latest } = history.state
    this.#atEnd = true
    this.#giveRuns(history, latest === undefined ? past : [...past, latest])
    if (!this.#resumed) this.#assertKnown(latest)
    if (this.#stopped) return
    this.#state = history.state
    this.#lastSeq = lastSeq(history.state)
    this.#history = undefined
    this.#completeIfIdle()
  }

  /** A reader that has all is one of this thread. */
  #assertKnown(latest: Run | undefined): void {
    const { seq, count } = this.#options.after
    const end = latest?.lastSeq ?? 0
    if (seq > end || count > 0) this.#fail(cursorUnknown(this.#options.after, end))
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
