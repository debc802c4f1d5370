import { AbstractAgent, type BaseEvent, type Message } from '@ag-ui/client'
import { from, type Observable } from 'rxjs'

/** What a client has of a thread. */
export interface ThreadContent {
  messages: Message[]
  state: unknown
}

/**
 * What AG-UI's own client makes of a thread's runs, on top of what it has of the thread already: the reducers
 * are its business, not ours. Of a run that it refuses, what came before the fault counts, as for any client.
 */
export const applied = async (
  runs: readonly (readonly BaseEvent[])[],
  before: ThreadContent = { messages: [], state: {} },
): Promise<ThreadContent> => {
  const reader = new Reader()
  // Not its initialState, for which null is none: a run may have left it so.
  Object.assign(reader, structuredClone({ messages: before.messages, state: before.state }))
  for (const events of runs) {
    reader.events = events
    // A run that does not answer them would be refused.
    reader.pendingInterrupts = []
    await reader.runAgent().catch(() => {})
  }
  const { messages, state } = reader
  return { messages, state }
}

class Reader extends AbstractAgent {
  events: readonly BaseEvent[] = []

  run(): Observable<BaseEvent> {
    // Copies: the client's reducers change what they are given.
    return from(structuredClone(this.events) as BaseEvent[])
  }
}
