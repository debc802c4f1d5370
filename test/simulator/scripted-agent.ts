import { AbstractAgent, type BaseEvent, type RunAgentInput } from '@ag-ui/client'
import { Observable, type Subscriber, throwError } from 'rxjs'
import type { RemembersThreads, ThreadMemory } from '../../src/agents/memory.ts'
import type { System } from '../../src/system.ts'
import type { Script } from './script.ts'

export interface ScriptedAgentParts {
  system: System
  scriptOf(runId: string): Script
  /** Notes that a run is executed; what it gives marks this execution's events. */
  onRun(input: RunAgentInput, remembered: string | undefined): string
  onAbort(input: RunAgentInput): void
}

/** An agent that plays the script of its run in simulated time, and marks each event with its execution. */
export class SimulatedAgent extends AbstractAgent implements RemembersThreads {
  readonly #parts: ScriptedAgentParts
  readonly #aborting = new AbortController()
  #input: RunAgentInput | undefined
  #memory: ThreadMemory | undefined

  constructor(parts: ScriptedAgentParts) {
    super({ agentId: 'simulated', threadId: 'none' })
    this.#parts = parts
  }

  useMemory(_threadId: string, memory: ThreadMemory): void {
    this.#memory = memory
  }

  run(input: RunAgentInput): Observable<BaseEvent> {
    this.#input = input
    const remembered = this.#memory?.value?.mark as string | undefined
    const mark = this.#parts.onRun(input, remembered)
    return new Observable((subscriber) => {
      this.#play(input, mark, subscriber).then(
        () => subscriber.complete(),
        (error) => subscriber.error(error),
      )
    })
  }

  async #play(input: RunAgentInput, mark: string, subscriber: Subscriber<BaseEvent>): Promise<void> {
    const { system, scriptOf } = this.#parts
    const { signal } = this.#aborting
    const script = scriptOf(input.runId)
    const heeds = script.onAbort === 'ignores' ? undefined : signal
    for (const [index, { waitMs, event }] of script.steps.entries()) {
      if (waitMs > 0) await system.sleep(waitMs, heeds)
      if (index % 2 === 0) this.#memory?.set({ mark: `${mark}.${index}` })
      if (heeds?.aborted) return this.#quit(script, subscriber, input, `${mark}.${index}`)
      subscriber.next(marked(event, `${mark}.${index}`))
    }
    if (script.throws) throw new Error('the agent failed')
  }

  #quit(script: Script, subscriber: Subscriber<BaseEvent>, input: RunAgentInput, mark: string): void {
    const { threadId, runId } = input
    if (script.onAbort === 'throws') throw new Error('aborted')
    if (script.onAbort === 'finishes')
      subscriber.next(marked({ type: 'RUN_FINISHED', threadId, runId }, mark))
  }

  // AG-UI's own prints every failure on standard error as well.
  protected override onError(_input: RunAgentInput, error: Error): Observable<never> {
    return throwError(() => error)
  }

  override abortRun(): void {
    if (this.#input !== undefined) this.#parts.onAbort(this.#input)
    this.#aborting.abort()
  }
}

/** A delta carries the mark in its text, so that it survives compaction; all else in a field of its own. */
const marked = (event: Record<string, unknown>, mark: string): BaseEvent =>
  (typeof event.delta === 'string'
    ? { ...event, delta: `${mark} ` }
    : { ...event, rawEvent: mark }) as unknown as BaseEvent
