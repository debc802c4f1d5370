import { type AnyEvent, stringField } from './event.ts'
import { dropSupersededState } from './superseded-state.ts'

export interface CompactOptions {
  /** UTF-16 units in one joined delta, at most. A longer one that the agent sent stays whole. @default 262_144 */
  joinedCharsMax?: number
}

/**
 * A finished run with fewer events and the very same outcome: applied to any messages and state, it gives
 * what the raw run gives, in each client version. Only deltas of one message, tool call or reasoning message
 * are joined, and state events that a later snapshot makes void are dropped; all else stays, in its order.
 *
 * A delta joins an earlier one in the earlier one's place. There its message or call is open, as it was for
 * the earlier one, and no event that the two stand apart for touches their target: such an event ends the
 * join. Nothing is ever held back, so a reader that breaks off has seen no less than from the raw run, and
 * timestamps stay in order.
 */
export const compactRun = <E extends AnyEvent>(events: readonly E[], options: CompactOptions = {}): E[] =>
  joinDeltas(dropSupersededState(events), options.joinedCharsMax ?? 262_144)

interface Join<E> {
  /** Its place among the compacted events. */
  at: number
  first: E
  /** Not concatenated until the end: 20,000 deltas cost 20,000 steps. */
  deltas: string[]
  chars: number
}

const joinDeltas = <E extends AnyEvent>(events: readonly E[], charsMax: number): E[] => {
  const compacted: E[] = []
  const joins: Join<E>[] = []
  const open = new Map<string, Join<E>>()
  for (const event of events) {
    const delta = joinableDelta(event)
    const target = delta && open.get(delta.target)
    if (delta && target && continues(target, event, delta.text, charsMax)) {
      target.deltas.push(delta.text)
      target.chars += delta.text.length
      continue
    }
    endJoins(open, event)
    if (delta) {
      const join = { at: compacted.length, first: event, deltas: [delta.text], chars: delta.text.length }
      open.set(delta.target, join)
      joins.push(join)
    }
    compacted.push(event)
  }
  for (const { at, first, deltas } of joins) {
    if (deltas.length > 1) compacted[at] = { ...first, delta: deltas.join('') }
  }
  return compacted
}

// Two deltas are never split and put together anew, so no surrogate pair is ever cut that the agent left whole.
const continues = <E extends AnyEvent>(join: Join<E>, event: E, text: string, charsMax: number): boolean =>
  join.first.type === event.type &&
  join.first.subagentRunId === event.subagentRunId &&
  join.chars + text.length <= charsMax

/** Fields of a delta that joining keeps, or that (timestamp) no reducer reads. */
const JOINABLE_FIELDS = new Set(['type', 'messageId', 'toolCallId', 'delta', 'timestamp', 'subagentRunId'])

/**
 * What a joinable delta is appended to. One with `metadata` (merged into the message), `rawEvent` or a field
 * we do not know is left alone: joined, what it says would be lost or said of the wrong piece.
 */
const joinableDelta = (event: AnyEvent): { target: string; text: string } | undefined => {
  const target = deltaTarget(event)
  const { delta } = event
  if (target === undefined || typeof delta !== 'string') return undefined
  const plain = Object.entries(event).every(
    ([field, value]) => value === undefined || JOINABLE_FIELDS.has(field),
  )
  return plain ? { target, text: delta } : undefined
}

const deltaTarget = (event: AnyEvent): string | undefined => {
  switch (event.type) {
    // One key for both: the reducers look a message up by its id alone, so text and reasoning deltas of one
    // id grow the same content, and their order matters.
    case 'TEXT_MESSAGE_CONTENT':
    case 'REASONING_MESSAGE_CONTENT':
      return messageKey(event, 'messageId')
    case 'TOOL_CALL_ARGS':
      return callKey(event, 'toolCallId')
    case 'THINKING_TEXT_MESSAGE_CONTENT':
      return THINKING
    default:
      return undefined
  }
}

const THINKING = 'thinking'

const messageKey = (event: AnyEvent, field: string): string | undefined => keyOf('message', event, field)

const callKey = (event: AnyEvent, field: string): string | undefined => keyOf('call', event, field)

const keyOf = (kind: string, event: AnyEvent, field: string): string | undefined => {
  const id = stringField(event, field)
  return id === undefined ? undefined : `${kind}:${id}`
}

const endJoins = (open: Map<string, unknown>, event: AnyEvent): void => {
  const touched = touchedBy(event)
  if (touched === 'everything') open.clear()
  else for (const key of touched) if (key !== undefined) open.delete(key)
}

/**
 * The targets that an event creates, replaces, ends or adds to: a delta after it must not move before it.
 * An event type that is not listed may do anything.
 */
const touchedBy = (event: AnyEvent): readonly (string | undefined)[] | 'everything' => {
  switch (event.type) {
    case 'TEXT_MESSAGE_START':
    case 'TEXT_MESSAGE_CONTENT':
    case 'TEXT_MESSAGE_END':
    case 'REASONING_START':
    case 'REASONING_MESSAGE_START':
    case 'REASONING_MESSAGE_CONTENT':
    case 'REASONING_MESSAGE_END':
    case 'REASONING_END':
    case 'ACTIVITY_DELTA':
      return [messageKey(event, 'messageId')]
    case 'TOOL_CALL_START':
      // It may create the message that holds it, under its parent's id or its own.
      return [
        callKey(event, 'toolCallId'),
        messageKey(event, 'toolCallId'),
        messageKey(event, 'parentMessageId'),
      ]
    case 'TOOL_CALL_ARGS':
    case 'TOOL_CALL_END':
      return [callKey(event, 'toolCallId')]
    case 'TOOL_CALL_RESULT':
      return [callKey(event, 'toolCallId'), messageKey(event, 'messageId')]
    case 'REASONING_ENCRYPTED_VALUE':
      return [messageKey(event, 'entityId'), callKey(event, 'entityId')]
    case 'THINKING_START':
    case 'THINKING_TEXT_MESSAGE_START':
    case 'THINKING_TEXT_MESSAGE_CONTENT':
    case 'THINKING_TEXT_MESSAGE_END':
    case 'THINKING_END':
      return [THINKING]
    case 'STATE_SNAPSHOT':
    case 'STATE_DELTA':
    case 'STEP_STARTED':
    case 'STEP_FINISHED':
    case 'SUBAGENT_STARTED':
    case 'SUBAGENT_FINISHED':
    case 'SUBAGENT_ERROR':
    case 'CUSTOM':
    case 'RAW':
      return []
    default:
      // MESSAGES_SNAPSHOT, RUN_*; ACTIVITY_SNAPSHOT, which can replace the very message that holds a tool
      // call; *_CHUNK, which the clients expand by what stands around them.
      return 'everything'
  }
}
