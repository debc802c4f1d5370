import { AbstractAgent, type BaseEvent, type RunAgentInput } from '@ag-ui/client'
import { Observable } from 'rxjs'
import { sleep } from '../../src/sleep.ts'

/** What a scripted agent does: yields events; `signal` aborts when the run is stopped. */
export type Script = (input: RunAgentInput, signal: AbortSignal) => AsyncIterable<object>

/** An agent that plays a script. Aborting ends the stream without a terminal event, as most agents do. */
export class ScriptedAgent extends AbstractAgent {
  readonly script: Script
  #aborting = new AbortController()

  constructor(script: Script, agentId = 'scripted') {
    super({ agentId })
    this.script = script
  }

  run(input: RunAgentInput): Observable<BaseEvent> {
    const { signal } = this.#aborting
    return new Observable((subscriber) => {
      const play = async () => {
        for await (const event of this.script(input, signal)) {
          if (signal.aborted || subscriber.closed) break
          subscriber.next(event as BaseEvent)
        }
        subscriber.complete()
      }
      play().catch((error) => subscriber.error(error))
    })
  }

  override abortRun(): void {
    this.#aborting.abort()
  }

  override clone(): ScriptedAgent {
    return new ScriptedAgent(this.script, this.agentId)
  }
}

/** RUN_STARTED, one message in `count` deltas with a pause before each, RUN_FINISHED. */
export const talker = (count: number, pauseMs = 0): Script =>
  async function* (input, signal) {
    const { threadId, runId } = input
    const messageId = `message-${runId}`
    yield { type: 'RUN_STARTED', threadId, runId }
    yield { type: 'TEXT_MESSAGE_START', messageId, role: 'assistant' }
    for (let index = 0; index < count; index += 1) {
      if (pauseMs > 0) await sleep(pauseMs, signal)
      yield { type: 'TEXT_MESSAGE_CONTENT', messageId, delta: `${index} ` }
    }
    yield { type: 'TEXT_MESSAGE_END', messageId }
    yield { type: 'RUN_FINISHED', threadId, runId }
  }

/** What `talker(count)` says. */
export const talkOf = (count: number): string =>
  Array.from({ length: count }, (_, index) => `${index} `).join('')
