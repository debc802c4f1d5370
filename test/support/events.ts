import type { BaseEvent, RunAgentInput } from '@ag-ui/client'
import { verifyEvents } from '@ag-ui/client'
import { from, lastValueFrom, type Observable, toArray } from 'rxjs'

/** All events of a stream, once it completes. */
export const collect = (events: Observable<BaseEvent>): Promise<BaseEvent[]> =>
  lastValueFrom(events.pipe(toArray()))

export const typesOf = (events: BaseEvent[]): string[] => events.map(({ type }) => String(type))

/** The text of all messages of the events, joined. */
export const textOf = (events: BaseEvent[]): string =>
  events.map((event) => (String(event.type) === 'TEXT_MESSAGE_CONTENT' ? event.delta : '')).join('')

/** Rejects unless AG-UI's own verifier takes the whole stream. */
export const verify = async (events: BaseEvent[]): Promise<void> => {
  await lastValueFrom(from(events).pipe(verifyEvents(false), toArray()))
}

let runs = 0

/** An input with one new user message. */
export const inputFor = (threadId: string, more: Partial<RunAgentInput> = {}): RunAgentInput => {
  runs += 1
  const runId = more.runId ?? `run-${process.pid}-${runs}`
  return {
    threadId,
    runId,
    messages: [{ id: `user-${runId}`, role: 'user', content: 'Hello' }],
    tools: [],
    context: [],
    state: {},
    forwardedProps: {},
    ...more,
  }
}
