import type { BaseEvent, Message, RunAgentInput } from '@ag-ui/client'
import { CLIENTS, replay, type Thread } from '../run/clients.ts'

/** The events without their run's frame, RUN_STARTED and RUN_FINISHED. */
export const bodyOf = (events: BaseEvent[]): BaseEvent[] =>
  events.filter(({ type }) => !['RUN_STARTED', 'RUN_FINISHED'].includes(type))

/** What RUN_STARTED says of each run's input. */
export const inputsOf = (events: BaseEvent[]): RunAgentInput[] =>
  events.filter(({ type }) => String(type) === 'RUN_STARTED').map(({ input }) => input as RunAgentInput)

/** The ids of the messages in each RUN_STARTED. */
export const startedWith = (events: BaseEvent[]): string[][] =>
  inputsOf(events).map(({ messages }) => messages.map(({ id }) => id))

export const user = (id: string, content = 'Hello'): Message => ({ id, role: 'user', content })

/** What each version of AG-UI's client shows after a replay; one value when they agree. */
export const shown = async <T>(events: BaseEvent[], look: (thread: Thread) => T): Promise<T | T[]> => {
  const threads = await Promise.all(CLIENTS.map(([, client]) => replay(client, events)))
  const [first, ...others] = threads.map(look)
  const agree = others.every((other) => JSON.stringify(other) === JSON.stringify(first))
  return agree ? first! : [first!, ...others]
}

export const idsShown = (events: BaseEvent[]) => shown(events, ({ messages }) => messages.map(({ id }) => id))
export const stateShown = (events: BaseEvent[]) => shown(events, ({ state }) => state)

/** The type of the last event, with the code and the message of a RUN_ERROR. */
export const endOf = (events: BaseEvent[]): string[] => {
  const last = events.at(-1)
  return last === undefined ? [] : [last.type, last.code, last.message].filter(Boolean).map(String)
}
