import type { BaseEvent } from '@ag-ui/client'
import { Observable, type Subscriber } from 'rxjs'
import { RunnerError } from '../errors.ts'
import { ThreadHistory } from '../log/history.ts'
import { isTerminal } from '../log/record.ts'
import { applyRecord, EMPTY_THREAD, openRun, runOf, type ThreadState, type Verdict } from '../log/reducer.ts'
import type { ReadRecord, ThreadLogs } from '../log/thread-logs.ts'
import type { RunCall } from './run-call.ts'

export interface ReplayOptions {
  logs: ThreadLogs
  threadId: string
  /** Stay when the thread is idle, and show later runs too. */
  follow: boolean
  /** A run of this process that is to be waited for, although no claim may be in the log yet. */
  awaited?: RunCall
}

/** A thread's events from offset zero: all finished runs, compacted, then the one that goes on, live. */
export const replay = (options: ReplayOptions): Observable<BaseEvent> =>
  new Observable((subscriber) => {
    const reader = new ThreadReader(options, subscriber)
    void reader.start()
    return () => reader.stop()
  })

class ThreadReader {
  readonly #options: ReplayOptions
  readonly #subscriber: Subscriber<BaseEvent>
  /** Until the replay is out. */
  #history: ThreadHistory | undefined = new ThreadHistory('all')
  #state: ThreadState = EMPTY_THREAD
  /** A run that has shown no event yet: one that fails before its first event is no part of the thread. */
  #fresh = true
  #lastSeq = 0
  #awaited: RunCall | undefined
  #following: { stop(): void } | undefined
  #stopped = false

  constructor(options: ReplayOptions, subscriber: Subscriber<BaseEvent>) {
    this.#options = options
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
      onMissing: () => this.#complete(),
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
        this.#history.apply(record, key)
        continue
      }
      const [state, verdict] = applyRecord(this.#state, record, key)
      this.#state = state
      this.#show(verdict)
    }
  }

  /** All that the log held when the replay reached its end goes out run by run; from here on, record by record. */
  #catchUp(): void {
    const history = this.#history
    if (history === undefined) return
    try {
      for (const { run, events } of history.runs()) {
        this.#fresh = events.length === 0
        this.#lastSeq = run.lastSeq
        if (!isPhantom(events)) for (const event of events) this.#subscriber.next(event)
      }
    } catch (error) {
      this.#fail(error)
      return
    }
    this.#state = history.state
    this.#history = undefined
    this.#completeIfIdle()
  }

  #show(verdict: Verdict): void {
    if (verdict.did === 'claim') this.#fresh = true
    if (verdict.did === 'show') this.#showEvent(verdict.record.event, verdict.record.seq)
    const ends = verdict.did === 'show' && isTerminal(verdict.record.event)
    if (ends || verdict.did === 'reject') this.#completeIfIdle()
  }

  #showEvent(event: BaseEvent, seq: number): void {
    if (seq !== this.#lastSeq + 1) {
      this.#fail(
        new RunnerError(
          'READER_TOO_SLOW',
          `Events before ${seq} were compacted before they were read. Connect again.`,
        ),
      )
      return
    }
    this.#lastSeq = seq
    const phantom = this.#fresh && isPhantom([event])
    this.#fresh = false
    if (!phantom) this.#subscriber.next(event)
  }

  /** A call that nobody answered is waited for no longer. */
  #stopAwaiting(): void {
    if (this.#awaited?.answered === false) this.#awaited = undefined
    if (this.#history === undefined) this.#completeIfIdle()
  }

  #completeIfIdle(): void {
    if (this.#options.follow || openRun(this.#state) !== undefined) return
    const commandId = this.#awaited?.commandId
    if (
      commandId === undefined ||
      runOf(this.#state, commandId) !== undefined ||
      this.#state.rejected.some((rejection) => rejection.commandId === commandId)
    ) {
      this.#complete()
    }
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

/** A run that failed before its first event. Its caller was told; the thread never had it. */
const isPhantom = (events: readonly BaseEvent[]): boolean =>
  events.length === 1 && (events[0]?.type as string) === 'RUN_ERROR'
