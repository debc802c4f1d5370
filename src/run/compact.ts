import { type AnyEvent, stringField } from './event.ts'
import { type Seqs, spansOf } from './seqs.ts'
import { supersededState } from './superseded-state.ts'

export interface CompactOptions {
  /**
   * UTF-16 units in one joined delta, at most, each of its deltas counted as one more. A longer one that the
   * agent sent stays whole. Bounds a record: JSON may take six bytes for a unit. @default 65_536
   */
  joinedSizeMax?: number
}

export interface CompactedRun<E> {
  events: E[]
  /** For each event, which raw events it stands for. */
  seqs: Seqs[]
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
 *
 * `seqs` are the events' own, ascending.
 */
export const compactRun = <E extends AnyEvent>(
  events: readonly E[],
  seqs: readonly number[],
  options: CompactOptions = {},
): CompactedRun<E> => {
  const superseded = supersededState(events)
  const placed = events.map((event, at) => ({ event, seq: seqs[at]! })).filter((_, at) => !superseded.has(at))
  return joinDeltas(placed, options.joinedSizeMax ?? 65_536)
}

interface Placed<E> {
  event: E
  seq: number
}

interface Join<E> {
  /** Its place among the compacted events. */
  at: number
  first: E
  /** Not concatenated until the end: 20,000 deltas cost 20,000 steps. */
  deltas: { text: string; seq: number }[]
  size: number
}

const joinDeltas = <E extends AnyEvent>(placed: readonly Placed<E>[], sizeMax: number): CompactedRun<E> => {
  const compacted: CompactedRun<E> = { events: [], seqs: [] }
  const joins: Join<E>[] = []
  const open = new Map<string, Join<E>>()
  for (const { event, seq } of placed) {
    const delta = joinableDelta(event)
    const target = delta && open.get(delta.target)
    if (delta && target && continues(target, event, delta.text, sizeMax)) {
      target.deltas.push({ text: delta.text, seq })
      target.size += sizeOf(delta.text)
      continue
    }
    endJoins(open, event)
    if (delta) {
      const { text } = delta
      const join = { at: compacted.events.length, first: event, deltas: [{ text, seq }], size: sizeOf(text) }
      open.set(delta.target, join)
      joins.push(join)
    }
    compacted.events.push(event)
    compacted.seqs.push(seq)
  }
  for (const { at, first, deltas } of joins) {
    if (deltas.length === 1) continue
    compacted.events[at] = { ...first, delta: deltas.map(({ text }) => text).join('') }
    compacted.seqs[at] = spansOf(deltas)
  }
  return compacted
}

const sizeOf = (text: string): number => text.length + 1

// Two deltas are never split and put together anew, so no surrogate pair is ever cut that the agent left whole.
const continues = <E extends AnyEvent>(join: Join<E>, event: E, text: string, sizeMax: number): boolean =>
  join.first.type === event.type &&
  join.first.subagentRunId === event.subagentRunId &&
  join.size + sizeOf(text) <= sizeMax

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
