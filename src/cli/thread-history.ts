import { AbstractAgent, type BaseEvent, type Message, type State } from '@ag-ui/client'
import type { Observable } from 'rxjs'
import type { KafkaAgentRunner } from '../runner/kafka-agent-runner.ts'

/** What a client of the thread has in memory: its next run's input holds all of it. */
export interface ThreadHistory {
  messages: Message[]
  state: State
}

/** Reads a thread as AG-UI's own client would. */
export const threadHistory = async (runner: KafkaAgentRunner, threadId: string): Promise<ThreadHistory> => {
  const reader = new Reader(runner.connect({ threadId }), threadId)
  await reader.runAgent()
  const { messages, state } = reader
  return { messages, state }
}

/** An "agent" that replays a log: running it applies the events to its messages and state. */
class Reader extends AbstractAgent {
  readonly #events: Observable<BaseEvent>

  constructor(events: Observable<BaseEvent>, threadId: string) {
    super({ threadId })
    this.#events = events
  }

  override run(): Observable<BaseEvent> {
    return this.#events
  }
}
