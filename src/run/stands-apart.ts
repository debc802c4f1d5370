import type { BaseEvent, Message } from '@ag-ui/client'
import { type AnyEvent, stringField } from './event.ts'
import { messageIdsOf } from './messages.ts'

/**
 * Whether a run touches none of a thread's messages: what it brings then comes behind them, and is the same as
 * on a thread without messages. The reducers look messages and calls up by id, in each client version; where
 * an event is of a kind of which that is not known, the answer is no.
 */
export const standsApart = (events: readonly BaseEvent[], messages: readonly Message[]): boolean => {
  const known = new Set<string>()
  for (const message of messages) for (const id of idsOfMessage(message)) known.add(id)
  return (events as readonly AnyEvent[]).every(
    (event) =>
      APART.has(event.type) &&
      (event.subagentRunId ?? undefined) === undefined &&
      messageIdsOf(event).every((id) => !known.has(id)) &&
      ID_FIELDS.every((field) => !known.has(stringField(event, field) ?? '')),
  )
}

const idsOfMessage = (message: Message): string[] => {
  const { id, toolCalls = [] } = message as { id: string; toolCalls?: { id: string }[] }
  return [id, ...toolCalls.map((call) => call.id)]
}

const ID_FIELDS = ['parentMessageId', 'toolCallId', 'entityId']

const APART = new Set([
  'RUN_STARTED',
  'RUN_FINISHED',
  'RUN_ERROR',
  'STEP_STARTED',
  'STEP_FINISHED',
  'TEXT_MESSAGE_START',
  'TEXT_MESSAGE_CONTENT',
  'TEXT_MESSAGE_END',
  'REASONING_START',
  'REASONING_MESSAGE_START',
  'REASONING_MESSAGE_CONTENT',
  'REASONING_MESSAGE_END',
  'REASONING_END',
  'REASONING_ENCRYPTED_VALUE',
  'TOOL_CALL_START',
  'TOOL_CALL_ARGS',
  'TOOL_CALL_END',
  'TOOL_CALL_RESULT',
  'STATE_SNAPSHOT',
  'STATE_DELTA',
  'CUSTOM',
  'RAW',
])
