import * as v0 from '@ag-ui/client'
import * as v1 from 'ag-ui-client-v1'
import { from, type Observable } from 'rxjs'

type Client = Pick<typeof v0, 'AbstractAgent'>

/** Both versions of AG-UI's client that this project supports. */
export const CLIENTS: ReadonlyArray<readonly [version: string, client: Client]> = [
  ['0.0.59', v0],
  // Its types differ in places that no test touches.
  ['1.0.0', v1 as unknown as Client],
]

export interface Thread {
  messages: v0.Message[]
  state: unknown
}

export interface Outcome extends Thread {
  pendingInterrupts: unknown
  /** As the client's pipeline passed it on: verified, and its chunks expanded. */
  events: v0.BaseEvent[]
}

/**
 * What a client makes of a run that it gets on top of a thread: its whole pipeline, verifier included.
 * Rejects where the client does. Compare with equal ids only: see `sameIds`.
 */
export const replay = async (
  { AbstractAgent }: Client,
  source: readonly v0.BaseEvent[] | Observable<v0.BaseEvent>,
  thread: Thread = { messages: [], state: {} },
  subscriber: v0.AgentSubscriber = {},
): Promise<Outcome> => {
  class Replay extends AbstractAgent {
    run(): Observable<v0.BaseEvent> {
      // As out of a log. A reducer changes what it is given: after a STATE_DELTA that replaces the root, the
      // state is the event's own value, and two events that share one object would change each other.
      return Symbol.iterator in source
        ? from<v0.BaseEvent[]>(JSON.parse(JSON.stringify([...source])))
        : source
    }
  }
  const agent = new Replay({
    threadId: 't',
    initialMessages: structuredClone(thread.messages),
    initialState: structuredClone(thread.state) as v0.State,
  })
  const events: v0.BaseEvent[] = []
  const onEvent: v0.AgentSubscriber['onEvent'] = (given) => {
    events.push(given.event)
    return subscriber.onEvent?.(given)
  }
  await agent.runAgent({ runId: 'r' }, { ...subscriber, onEvent })
  const { messages, state, pendingInterrupts } = agent
  return sameIds({ messages, state, pendingInterrupts, events })
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g

/** 1.0.0 makes up an id for each THINKING message; they are numbered here, so that two replays compare. */
const sameIds = <T>(outcome: T): T => {
  const numbers = new Map<string, string>()
  const rename = (text: string) =>
    text.replace(UUID, (id) => {
      if (!numbers.has(id)) numbers.set(id, `made-up-${numbers.size + 1}`)
      return numbers.get(id)!
    })
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string') return rename(value)
    if (Array.isArray(value)) return value.map(walk)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, walk(entry)]))
  }
  return walk(outcome) as T
}
