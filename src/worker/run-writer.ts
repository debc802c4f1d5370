import type { BaseEvent, RunAgentInput } from '@ag-ui/client'
import type { Remembered } from '../agents/memory.ts'
import { LIMITS } from '../config.ts'
import { RunnerError } from '../errors.ts'
import { type EndCause, type EventRecord, isTerminal, type StateRecord } from '../log/record.ts'
import { lastSeq, memoryOf } from '../log/reducer.ts'
import { closeReasoning } from '../run/finalize.ts'
import { withStartedInput } from '../run/messages.ts'
import { OpenItems } from '../run/open-items.ts'
import type { System } from '../system.ts'
import type { ThreadView } from './thread-view.ts'

export interface RunWriterOptions {
  view: ThreadView
  claimId: string
  input: RunAgentInput
  pendingEventsMax: number
  system: Pick<System, 'now'>
  /** Another worker holds the thread, or nothing can be appended: the agent is to be told. */
  onLost(): void
}

/**
 * Appends a run's events under its claim, in order: one append at a time, and what comes meanwhile goes
 * together in the next. Everything after the terminal event is dropped.
 */
export class RunWriter {
  readonly open = new OpenItems()
  /** Whether another claim took the thread over: nothing that is written now is ever visible. */
  fenced = false
  readonly #options: RunWriterOptions
  #seq: number
  #version: number
  #pending: { record: EventRecord | StateRecord; bytes: number }[] = []
  #flushing: Promise<void> | undefined
  #error: unknown
  #room: PromiseWithResolvers<void> | undefined

  constructor(options: RunWriterOptions) {
    this.#options = options
    const { state } = options.view
    this.#seq = lastSeq(state)
    this.#version = memoryOf(state, state.latest?.agentId ?? '')?.version ?? 0
    for (const event of this.#visibleSoFar()) this.open.observe(event as never)
  }

  #visibleSoFar(): BaseEvent[] {
    const { latest } = this.#options.view.state
    return latest === undefined ? [] : this.#options.view.history.eventsOf(latest)
  }

  /** Whether a terminal event was written, or none can be any more. */
  get ended(): boolean {
    return this.open.ended || this.fenced || this.#error !== undefined
  }

  /**
   * Takes an event. A promise means that the agent is too far ahead of the brokers and should wait.
   * @throws RunnerError EVENT_TOO_LARGE
   */
  write(given: BaseEvent, cause?: EndCause): Promise<void> | undefined {
    if (this.ended) return undefined
    // A restarted agent's: its run has begun, and does not begin again.
    if ((given.type as string) === 'RUN_STARTED' && this.open.started) return undefined
    // 0.0.59 lets a run finish inside its reasoning; 1.x would refuse every replay of it.
    if ((given.type as string) === 'RUN_FINISHED')
      for (const event of closeReasoning(this.open)) this.#take(event)
    return this.#take(given, cause)
  }

  #take(given: BaseEvent, cause?: EndCause): Promise<void> | undefined {
    const { input, view, claimId, pendingEventsMax, system } = this.#options
    const whole = withStartedInput(given, input, view.messageIds)
    const json = JSON.stringify(whole)
    const bytes = Buffer.byteLength(json)
    if (bytes > LIMITS.recordBytesMax) throw tooLarge(given.type, bytes)
    // A copy: the agent may go on changing the object that it emitted.
    const event = isFlat(whole) ? { ...whole } : (JSON.parse(json) as BaseEvent)
    this.open.observe(event as never)
    this.#seq += 1
    const record: EventRecord = { kind: 'event', claimId, seq: this.#seq, event, time: system.now(), json }
    if (isTerminal(event)) record.cause = cause ?? 'agent'
    this.#push(record, bytes)
    if (this.#pending.length < pendingEventsMax) return undefined
    this.#room ??= Promise.withResolvers()
    return this.#room.promise
  }

  /**
   * What the agent is to remember of the thread from now on. Nothing after the terminal event.
   * @throws RunnerError MEMORY_TOO_LARGE
   */
  remember(value: Remembered): void {
    const { claimId, system } = this.#options
    const json = JSON.stringify(value)
    const bytes = Buffer.byteLength(json)
    if (bytes > LIMITS.memoryBytesMax) throw memoryTooLarge(bytes)
    if (this.ended) return
    this.#version += 1
    // One that has not been sent yet is replaced, unless an event follows it, which tells that it was set.
    if (this.#pending.at(-1)?.record.kind === 'state') this.#pending.pop()
    const time = system.now()
    const record = { kind: 'state', claimId, version: this.#version, value: JSON.parse(json), time } as const
    this.#push(record, bytes)
  }

  #push(record: EventRecord | StateRecord, bytes: number): void {
    this.#pending.push({ record, bytes })
    this.#flushing ??= this.#flush()
  }

  /**
   * Looks whether the claim still holds, without anything to write.
   * @throws RunnerError READ_FAILED
   */
  async check(): Promise<void> {
    const { view, claimId } = this.#options
    if (this.ended) return
    await view.refresh()
    if (view.holds(claimId)) return
    this.fenced = true
    this.#giveUp()
  }

  /**
   * Resolves when all that was written is in the log and read back.
   * @throws RunnerError APPEND_FAILED, READ_FAILED
   */
  async drained(): Promise<void> {
    await this.#flushing
    if (this.#error !== undefined) throw this.#error
  }

  async #flush(): Promise<void> {
    const { view, claimId } = this.#options
    // At the next microtask, so that events of the same moment share an append.
    await Promise.resolve()
    try {
      while (this.#pending.length > 0) {
        await view.append(this.#takeBatch())
        if (!view.holds(claimId)) {
          this.fenced = true
          break
        }
        this.#letGoOn()
      }
    } catch (error) {
      this.#error = error
    }
    this.#flushing = undefined
    if (this.fenced || this.#error !== undefined) this.#giveUp()
  }

  #giveUp(): void {
    this.#pending = []
    this.#letGoOn()
    this.#options.onLost()
  }

  #takeBatch(): (EventRecord | StateRecord)[] {
    let bytes = 0
    let count = 0
    for (const pending of this.#pending) {
      bytes += pending.bytes + HEADERS_BYTES
      if (count > 0 && bytes > LIMITS.recordBytesMax) break
      count += 1
    }
    return this.#pending.splice(0, count).map(({ record }) => record)
  }

  #letGoOn(): void {
    this.#room?.resolve()
    this.#room = undefined
  }
}

/** Whether a shallow copy is what JSON would make of it. Most events are so: text and ids. */
const isFlat = (event: BaseEvent): boolean =>
  Object.getPrototypeOf(event) === Object.prototype &&
  Object.values(event).every(
    (value) => typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value),
  )

/** Generous: what an event's key and headers add to its JSON. */
const HEADERS_BYTES = 250

const memoryTooLarge = (bytes: number): RunnerError =>
  new RunnerError(
    'MEMORY_TOO_LARGE',
    `What the agent wants to remember of the thread is ${bytes} bytes as JSON, and ${LIMITS.memoryBytesMax} are allowed. ` +
      'Keep ids there, and contents elsewhere.',
  )

const tooLarge = (type: string, bytes: number): RunnerError =>
  new RunnerError(
    'EVENT_TOO_LARGE',
    `An event of type ${type} is ${bytes} bytes as JSON; the log takes ${LIMITS.recordBytesMax}. ` +
      'Send it in several deltas, or put large content elsewhere and send its address.',
  )
