import { type BaseEvent, type RunAgentInput, transformChunks, verifyEvents } from '@ag-ui/client'
import { Subject } from 'rxjs'
import { messageOf } from '../../errors.ts'
import { type AnyEvent, toBaseEvent } from '../../run/event.ts'
import { closeReasoning } from '../../run/finalize.ts'
import type { Interrupt } from '../../run/interrupts.ts'
import { OpenItems } from '../../run/open-items.ts'
import { AgentError } from '../agent-error.ts'
import type { RunEvents } from '../run-events.ts'
import type { AgentEnd } from '../streaming-agent.ts'
import { eventIn, invalid, isKnown } from './event-schema.ts'
import { LegacyThinking } from './legacy-thinking.ts'

/**
 * Hands on the events of an endpoint's run as those of ours: checked one by one and in their order, chunks as the
 * starts, contents and ends that they stand for, with our thread's and run's ids.
 */
export class Relay {
  readonly #events: RunEvents
  readonly #ids: Pick<RunAgentInput, 'threadId' | 'runId'>
  readonly #open = new OpenItems()
  readonly #thinking = new LegacyThinking()
  readonly #source = new Subject<BaseEvent>()
  #fault: unknown
  #interrupts: Interrupt[] | undefined

  constructor(events: RunEvents, { threadId, runId }: Pick<RunAgentInput, 'threadId' | 'runId'>) {
    this.#events = events
    this.#ids = { threadId, runId }
    this.#source.pipe(transformChunks(false), verifyEvents(false)).subscribe({
      next: (event) => this.#verified(event as never),
      error: (error) => {
        this.#fault = error
      },
    })
    this.#source.next(toBaseEvent({ type: 'RUN_STARTED', threadId, runId }))
  }

  /** What the run ended with, once it has. */
  get end(): AgentEnd {
    return this.#interrupts === undefined ? undefined : { interrupts: this.#interrupts }
  }

  /**
   * Whether the run has ended with this event.
   * @throws AgentError the run's own RUN_ERROR; PLATFORM_ANSWER_INVALID where the event is none, or out of order
   */
  take(data: unknown): boolean {
    const event = this.#thinking.translate(eventIn(data))
    if (event.type === 'RUN_ERROR') throw ownError(event)
    // Ours has begun already.
    if (event.type === 'RUN_STARTED') return false
    if (!isKnown(event.type)) {
      // By its own type it would be lost: AG-UI's client hands on none that it does not know.
      this.#events.emit({ type: 'RAW', event, source: 'ag-ui' })
      return false
    }
    const finishes = event.type === 'RUN_FINISHED'
    this.#source.next(toBaseEvent(finishes ? { ...event, ...this.#ids } : event))
    if (this.#fault !== undefined)
      throw invalid(`sent events out of order: ${messageOf(this.#fault)}`, this.#fault)
    return finishes
  }

  #verified(event: AnyEvent): void {
    if (event.type === 'RUN_STARTED') return
    if (event.type === 'RUN_FINISHED') this.#finish(event)
    else this.#emit(event)
  }

  #finish(event: AnyEvent): void {
    for (const closer of closeReasoning(this.#open)) this.#emit(closer as never)
    const outcome = event.outcome as { type?: string; interrupts?: Interrupt[] } | undefined
    // The base ends the run then, after the snapshots that AG-UI wants and the endpoint may have left out.
    if (outcome?.type === 'interrupt') this.#interrupts = outcome.interrupts ?? []
    else this.#emit(event)
  }

  #emit(event: AnyEvent): void {
    this.#open.observe(event)
    this.#events.emit(event)
  }
}

const ownError = ({ message, code }: AnyEvent): AgentError =>
  new AgentError(code ? String(code) : 'AGENT_FAILED', String(message))
