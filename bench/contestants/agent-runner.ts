import { randomUUID } from 'node:crypto'
import type { AbstractAgent, BaseEvent, RunAgentInput } from '@ag-ui/client'
import type { Observable } from 'rxjs'
import type { Client } from '../contestant.ts'
import { ScriptedAgent } from './scripted-agent.ts'

interface AgentRunner {
  run(request: { threadId: string; agent: AbstractAgent; input: RunAgentInput }): Observable<BaseEvent>
  connect(request: { threadId: string }): Observable<BaseEvent>
}

/** A client on CopilotKit's AgentRunner contract, whichever runner that is. */
export const clientOn = (runner: AgentRunner, close: () => Promise<void>): Client => ({
  run: (threadId, script, onEvent) => {
    const input = {
      threadId,
      runId: randomUUID(),
      messages: [],
      tools: [],
      context: [],
      state: {},
      forwardedProps: {},
    }
    const events = runner.run({ threadId, agent: new ScriptedAgent(threadId, script), input })
    return ended(events, (event) => {
      if ((event.type as string) === 'RUN_ERROR') throw new Error(`a run failed: ${JSON.stringify(event)}`)
      onEvent(event)
    }).done
  },
  connect: (threadId, onEvent) => ended(runner.connect({ threadId }), onEvent),
  close,
})

const ended = (events: Observable<BaseEvent>, onEvent: (event: BaseEvent) => void) => {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const subscription = events.subscribe({
    next: (event) => {
      try {
        onEvent(event)
      } catch (error) {
        reject(error)
      }
    },
    error: reject,
    complete: resolve,
  })
  return { done: promise, stop: () => subscription.unsubscribe() }
}
