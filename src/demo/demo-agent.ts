import { setImmediate } from 'node:timers/promises'
import { AbstractAgent, type AgentConfig, type BaseEvent, type RunAgentInput } from '@ag-ui/client'
import { Observable, type Subscriber } from 'rxjs'
import { toBaseEvent } from '../run/event.ts'
import { sleep } from '../sleep.ts'
import { demoScript } from './demo-script.ts'

export interface DemoAgentConfig extends AgentConfig {
  /** Before each piece of text; a run has about 120 of them. @default 40 */
  delayMs?: number
}

/** Needs no model and no network: it streams how a question travels, and says something true about it. */
export class DemoAgent extends AbstractAgent {
  // No #private fields: clone() makes its object without the constructor, and would have none.
  private delayMs: number
  private aborts = new Set<AbortController>()

  constructor({ delayMs = 40, ...config }: DemoAgentConfig = {}) {
    super(config)
    this.delayMs = delayMs
  }

  override run(input: RunAgentInput): Observable<BaseEvent> {
    return new Observable((subscriber) => {
      const abort = new AbortController()
      this.aborts.add(abort)
      this.play(input, subscriber, abort.signal).catch((error) => subscriber.error(error))
      return () => {
        this.aborts.delete(abort)
        abort.abort()
      }
    })
  }

  /** Ends the stream without a terminal event: whoever runs the agent closes what it left open. */
  override abortRun(): void {
    for (const abort of this.aborts) abort.abort()
  }

  override clone(): DemoAgent {
    const cloned: DemoAgent = super.clone()
    cloned.delayMs = this.delayMs
    // Its own, so that to abort one of the two leaves the other running.
    cloned.aborts = new Set()
    return cloned
  }

  private async play(
    input: RunAgentInput,
    subscriber: Subscriber<BaseEvent>,
    signal: AbortSignal,
  ): Promise<void> {
    for (const event of demoScript(input)) {
      if ('delta' in event && event.type !== 'STATE_DELTA') await this.pause(signal)
      if (signal.aborted) break
      subscriber.next(toBaseEvent(event))
    }
    subscriber.complete()
  }

  // With no delay it still lets go of the event loop, or nothing could abort it.
  private pause(signal: AbortSignal): Promise<void> {
    return this.delayMs > 0 ? sleep(this.delayMs, signal) : setImmediate()
  }
}
