import type { BaseEvent } from '@ag-ui/client'
import { ReplaySubject, type Subject } from 'rxjs'
import { messageOf, RunnerError } from '../errors.ts'
import { isTerminal, type RejectedRecord } from '../log/record.ts'
import type { Verdict } from '../log/reducer.ts'
import type { ThreadLogs } from '../log/thread-logs.ts'
import { after, type System } from '../system.ts'
import { type Place, type Places, START, step } from './places.ts'
import type { RunEvent } from './read-event.ts'
import { threadDeleted } from './thread-deleted.ts'

/** Logs that may be removed under a run that has not begun. */
const LOGS_MAX = 5

/** A worker's own answer that the time is over comes a little later than the time. */
const ANSWER_MS_MAX = 5_000

export interface RunCallOptions {
  logs: ThreadLogs
  places: Places
  threadId: string
  runId: string
  commandId: string
  /** How long the run may wait to begin. */
  ttlMs: number
  system: System
  /** Called before the stream completes: whoever hears of its end may run the thread again at once. */
  onEnd(): void
}

/** A run that this process asked for: its events as the log shows them, to the terminal one. */
export class RunCall {
  readonly threadId: string
  readonly runId: string
  readonly commandId: string
  /** Never errs: what goes wrong is a RUN_ERROR, as AG-UI has it. */
  readonly events: Subject<RunEvent> = new ReplaySubject<RunEvent>()
  /** Resolves when the thread has a log to connect to, or never will. */
  readonly ready: Promise<void>
  readonly #ready = Promise.withResolvers<void>()
  /** Resolves when the stream has completed. */
  readonly done: Promise<void>
  readonly #done = Promise.withResolvers<void>()
  readonly #options: RunCallOptions
  #following: { stop(): void } | undefined
  #logsGone = 0
  #cancelTimer: (() => void) | undefined
  #lastSeq: number | undefined
  #ended = false
  /** Whether the log has a claim or a rejection for it. */
  answered = false

  constructor(options: RunCallOptions) {
    this.#options = options
    this.threadId = options.threadId
    this.runId = options.runId
    this.commandId = options.commandId
    this.ready = this.#ready.promise
    this.done = this.#done.promise
  }

  /** Sends the command and follows the log, side by side: a new thread's topic is made meanwhile. */
  async start(send: () => Promise<void>): Promise<void> {
    // From where the log stood before anybody could answer: other calls of the thread read on meanwhile.
    const from = this.#options.places.of(this.threadId)
    try {
      await Promise.all([this.#follow(from), send()])
    } catch (error) {
      this.fail(error)
    }
  }

  /** Ends the stream with a RUN_ERROR, unless it has ended. */
  fail(error: unknown): void {
    const code = error instanceof RunnerError ? error.code : 'BROKER_UNAVAILABLE'
    this.#emit({ type: 'RUN_ERROR', message: messageOf(error), code } as unknown as BaseEvent)
    this.#end()
  }

  async #follow(from: Place): Promise<void> {
    const { logs, threadId, ttlMs, system } = this.#options
    await logs.ensure(threadId)
    this.#ready.resolve()
    if (this.#ended) return
    this.#cancelTimer = after(system, ttlMs + ANSWER_MS_MAX, () => this.fail(unanswered(threadId, ttlMs)))
    this.#followFrom(from)
  }

  #followFrom(from: Place): void {
    const { logs, places, threadId } = this.#options
    let place = from
    this.#following = logs.follow(threadId, from, {
      onLocated: (logId) => {
        place = { ...place, logId }
      },
      onRecords: (records) => {
        for (const record of records) {
          const [next, verdict] = step(place, record)
          place = next
          if (verdict?.did === 'delete') void this.#moveOn(place.logId)
          else if (verdict !== undefined) this.#read(verdict)
        }
        places.keep(threadId, place)
      },
      onMissing: () => void this.#moveOn(),
      onGone: () => this.fail(threadDeleted(threadId)),
      onError: (error) => this.fail(error),
    })
    if (this.#ended) this.#following.stop()
  }

  /** The thread was deleted before this run began: it begins a new thread, whose log is another. */
  async #moveOn(goneLogId?: string): Promise<void> {
    const { logs, threadId } = this.#options
    this.#following?.stop()
    this.#logsGone += 1
    try {
      if (this.answered || this.#logsGone > LOGS_MAX) throw threadDeleted(threadId)
      if (goneLogId !== undefined) await logs.remove(threadId, goneLogId)
      await logs.ensure(threadId)
      if (!this.#ended) this.#followFrom(START)
    } catch (error) {
      this.fail(error)
    }
  }

  #read(verdict: Verdict): void {
    if (this.#ended) return
    if (verdict.did === 'reject' && verdict.record.commandId === this.commandId) {
      this.answered = true
      this.#refuse(verdict.record)
      return
    }
    if (!('run' in verdict) || verdict.run.commandId !== this.commandId) return
    if (!this.answered) this.#cancelTimer?.()
    this.answered = true
    if (verdict.did !== 'show') return
    const { seq, event } = verdict.record
    const expected = (this.#lastSeq ?? verdict.run.firstSeq - 1) + 1
    if (seq !== expected) {
      this.fail(tooSlow(this.runId, expected - 1))
      return
    }
    this.#lastSeq = seq
    this.#emit(event, String(seq))
    if (isTerminal(event)) this.#end()
  }

  #refuse({ code, message }: RejectedRecord): void {
    const { threadId, runId } = this
    if (code === 'RUN_STOPPED') {
      // Somebody wanted it so. A stopped run ends well, and this one leaves nothing in the thread.
      this.#emit({ type: 'RUN_STARTED', threadId, runId } as unknown as BaseEvent)
      this.#emit({ type: 'RUN_FINISHED', threadId, runId } as unknown as BaseEvent)
    } else {
      this.#emit({ type: 'RUN_ERROR', message, code } as unknown as BaseEvent)
    }
    this.#end()
  }

  #emit(event: BaseEvent, cursor?: string): void {
    if (!this.#ended) this.events.next({ event, cursor })
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#cancelTimer?.()
    this.#following?.stop()
    this.#ready.resolve()
    this.#options.onEnd()
    this.events.complete()
    this.#done.resolve()
  }
}

const unanswered = (threadId: string, ttlMs: number): RunnerError =>
  new RunnerError(
    'COMMAND_EXPIRED',
    `No worker took the run of thread "${threadId}" within ${ttlMs / 1000} s (commandTtlMs), and none will any more. ` +
      'Look at "kar status" for those that are there, or start one with "kar worker".',
  )

/** Compaction replaced raw events of the run before this process had read them. */
const tooSlow = (runId: string, seq: number): RunnerError =>
  new RunnerError(
    'READER_TOO_SLOW',
    `Events of run "${runId}" were compacted before they were read. Connect to its thread with the cursor ${seq} to ` +
      'get exactly what is missing.',
  )
