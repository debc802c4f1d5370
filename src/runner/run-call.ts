import type { BaseEvent } from '@ag-ui/client'
import { ReplaySubject, type Subject } from 'rxjs'
import { messageOf, RunnerError } from '../errors.ts'
import { isTerminal } from '../log/record.ts'
import type { Verdict } from '../log/reducer.ts'
import type { ThreadLogs } from '../log/thread-logs.ts'
import { after, type System } from '../system.ts'
import { type Places, step } from './places.ts'

export interface RunCallOptions {
  logs: ThreadLogs
  places: Places
  threadId: string
  runId: string
  commandId: string
  answerTimeoutMs: number
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
  readonly events: Subject<BaseEvent> = new ReplaySubject<BaseEvent>()
  /** Resolves when the thread has a log to connect to, or never will. */
  readonly ready: Promise<void>
  readonly #ready = Promise.withResolvers<void>()
  /** Resolves when the stream has completed. */
  readonly done: Promise<void>
  readonly #done = Promise.withResolvers<void>()
  readonly #options: RunCallOptions
  #following: { stop(): void } | undefined
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
    try {
      await Promise.all([this.#follow(), send()])
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

  async #follow(): Promise<void> {
    const { logs, places, threadId, answerTimeoutMs, system } = this.#options
    await logs.ensure(threadId)
    this.#ready.resolve()
    if (this.#ended) return
    this.#cancelTimer = after(system, answerTimeoutMs, () => this.fail(unanswered(threadId, answerTimeoutMs)))
    let place = places.of(threadId)
    this.#following = logs.follow(threadId, place.nextOffset, {
      onRecords: (records) => {
        for (const record of records) {
          const [next, verdict] = step(place, record)
          place = next
          if (verdict !== undefined) this.#read(verdict)
        }
        places.keep(threadId, place)
      },
      onMissing: () => this.fail(new RunnerError('READ_FAILED', `The log of thread "${threadId}" is gone.`)),
      onError: (error) => this.fail(error),
    })
    if (this.#ended) this.#following.stop()
  }

  #read(verdict: Verdict): void {
    if (this.#ended) return
    if (verdict.did === 'reject' && verdict.record.commandId === this.commandId) {
      this.answered = true
      const { code, message } = verdict.record
      this.#emit({ type: 'RUN_ERROR', message, code } as unknown as BaseEvent)
      this.#end()
      return
    }
    if (!('run' in verdict) || verdict.run.commandId !== this.commandId) return
    this.answered = true
    this.#cancelTimer?.()
    if (verdict.did !== 'show') return
    const { seq, event } = verdict.record
    const expected = (this.#lastSeq ?? verdict.run.firstSeq - 1) + 1
    if (seq !== expected) {
      this.fail(tooSlow(this.runId))
      return
    }
    this.#lastSeq = seq
    this.#emit(event)
    if (isTerminal(event)) this.#end()
  }

  #emit(event: BaseEvent): void {
    if (!this.#ended) this.events.next(event)
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

const unanswered = (threadId: string, answerTimeoutMs: number): RunnerError =>
  new RunnerError(
    'COMMAND_UNANSWERED',
    `No worker took the run of thread "${threadId}" within ${answerTimeoutMs / 1000} s; one that starts may still ` +
      'take it. Start one with "kar worker", or look at "kar status" for those that are there.',
  )

/** Compaction replaced raw events of the run before this process had read them. */
const tooSlow = (runId: string): RunnerError =>
  new RunnerError(
    'READER_TOO_SLOW',
    `Events of run "${runId}" were compacted before they were read. Connect again.`,
  )
