import type { BaseEvent, RunAgentInput } from '@ag-ui/client'
import { type AnyEvent, stringField, toBaseEvent } from './event.ts'

/** The message ids that an event brings into a thread's history. */
export const messageIdsOf = (event: AnyEvent): string[] => {
  const own = stringField(event, 'messageId')
  const ids = own === undefined ? [] : [own]
  if (event.type === 'RUN_STARTED') return [...ids, ...idsOf((event.input as Listing)?.messages)]
  if (event.type === 'MESSAGES_SNAPSHOT') return [...ids, ...idsOf(event.messages)]
  return ids
}

/** Adds the ids of a run's events to those that the thread's history holds already. */
export const knownMessageIds = (
  events: Iterable<AnyEvent>,
  known: Set<string> = new Set<string>(),
): Set<string> => {
  for (const event of events) for (const id of messageIdsOf(event)) known.add(id)
  return known
}

/**
 * The input as RUN_STARTED carries it into the log: only the messages that are new to the thread, and only
 * what AG-UI's RunAgentInput names. What else a caller hung onto the object, request headers for one, must
 * never reach the log.
 */
export const startedInput = (input: RunAgentInput, known: ReadonlySet<string>): RunAgentInput => {
  const named = namedFields(input)
  if (!Array.isArray(named.messages)) return named
  return { ...named, messages: named.messages.filter(({ id }) => !known.has(id)) }
}

/** RUN_STARTED with its input: the agent's own where it set one, else the run's. Other events as they are. */
export const withStartedInput = (
  event: BaseEvent,
  input: RunAgentInput,
  known: ReadonlySet<string>,
): BaseEvent => {
  if ((event.type as string) !== 'RUN_STARTED') return event
  const own = (event as AnyEvent).input as RunAgentInput | undefined
  return toBaseEvent({ ...event, input: own ? namedFields(own) : startedInput(input, known) })
}

type Listing = { messages?: unknown } | null | undefined

const idsOf = (messages: unknown): string[] =>
  Array.isArray(messages) ? messages.map((message) => message?.id).filter((id) => typeof id === 'string') : []

/** RunAgentInput of 0.0.59 and 1.0.0; the latter added `protocolVersion`. */
const INPUT_FIELDS = [
  'threadId',
  'runId',
  'protocolVersion',
  'parentRunId',
  'state',
  'messages',
  'tools',
  'context',
  'forwardedProps',
  'resume',
]

const namedFields = (input: RunAgentInput): RunAgentInput =>
  Object.fromEntries(
    Object.entries(input).filter(([field, value]) => INPUT_FIELDS.includes(field) && value !== undefined),
  ) as RunAgentInput
