import type { AnyEvent } from '../../run/event.ts'
import { AgentError } from '../agent-error.ts'

/**
 * One event as the endpoint sent it, without the nulls that AG-UI's clients refuse; of a type that is not in the
 * table below, a newer version's say, as it came. Not by the client's own schemas: 1.x exports none.
 * @throws AgentError PLATFORM_ANSWER_INVALID where a field is missing that its type must have
 */
export const eventIn = (data: unknown): AnyEvent => {
  const { type } = (data ?? {}) as { type?: unknown }
  if (typeof data !== 'object' || typeof type !== 'string')
    throw invalid(`sent what is no AG-UI event: ${JSON.stringify(data).slice(0, 200)}`)
  if (!isKnown(type)) return data as AnyEvent
  const event = NORMAL[type]?.(withoutNulls(data as AnyEvent)) ?? withoutNulls(data as AnyEvent)
  for (const [field, isRight] of Object.entries(FIELDS[type]!))
    if (!isRight(event[field])) throw invalid(`sent a ${type} without a proper ${field}.`)
  return event
}

export const isKnown = (type: string): boolean => Object.hasOwn(FIELDS, type)

export const invalid = (what: string, cause?: unknown): AgentError =>
  new AgentError('PLATFORM_ANSWER_INVALID', `The AG-UI endpoint ${what}`, { cause })

type Check = (value: unknown) => boolean

const text: Check = (value) => typeof value === 'string'
const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)
const record: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)
const list =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check)
const having =
  (...fields: string[]): Check =>
  (value) =>
    record(value) && fields.every((field) => text((value as AnyEvent)[field]))

const message = { messageId: text }
const piece = { messageId: text, delta: text }
const call = { toolCallId: text }
const step = { stepName: text }
const subagent = { subagentRunId: text }
const outcome: Check = (value) =>
  record(value) &&
  ((value as AnyEvent).type !== 'interrupt' || list(having('id', 'reason'))((value as AnyEvent).interrupts))

/** What each type must have: what a client that reads the thread would fail at. */
const FIELDS: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  RUN_STARTED: {},
  RUN_FINISHED: { outcome: maybe(outcome) },
  RUN_ERROR: { message: text, code: maybe(text) },
  STEP_STARTED: step,
  STEP_FINISHED: step,
  TEXT_MESSAGE_START: message,
  TEXT_MESSAGE_CONTENT: piece,
  TEXT_MESSAGE_END: message,
  TEXT_MESSAGE_CHUNK: { messageId: maybe(text), delta: maybe(text) },
  TOOL_CALL_START: { ...call, toolCallName: text, parentMessageId: maybe(text) },
  TOOL_CALL_ARGS: { ...call, delta: text },
  TOOL_CALL_END: call,
  TOOL_CALL_CHUNK: { toolCallId: maybe(text), toolCallName: maybe(text), delta: maybe(text) },
  TOOL_CALL_RESULT: { ...call, messageId: text, content: text },
  STATE_SNAPSHOT: {},
  STATE_DELTA: { delta: list(having('op', 'path')) },
  MESSAGES_SNAPSHOT: { messages: list(having('id', 'role')) },
  ACTIVITY_SNAPSHOT: { ...message, activityType: text, content: record },
  ACTIVITY_DELTA: { ...message, activityType: text, patch: list(having('op', 'path')) },
  RAW: {},
  CUSTOM: { name: text },
  REASONING_START: message,
  REASONING_MESSAGE_START: message,
  REASONING_MESSAGE_CONTENT: piece,
  REASONING_MESSAGE_END: message,
  REASONING_MESSAGE_CHUNK: { messageId: maybe(text), delta: maybe(text) },
  REASONING_END: message,
  REASONING_ENCRYPTED_VALUE: { subtype: text, entityId: text, encryptedValue: text },
  SUBAGENT_STARTED: subagent,
  SUBAGENT_FINISHED: subagent,
  SUBAGENT_ERROR: { ...subagent, message: text },
  THINKING_START: {},
  THINKING_END: {},
  THINKING_TEXT_MESSAGE_START: {},
  THINKING_TEXT_MESSAGE_CONTENT: { delta: text },
  THINKING_TEXT_MESSAGE_END: {},
}

/** Fields of any value, null among them. */
const ANY_VALUE = new Set(['value', 'snapshot', 'event', 'rawEvent', 'result'])

/** Endpoints write what they left out as null. */
const withoutNulls = <Whole extends object>(whole: Whole): Whole =>
  Object.fromEntries(
    Object.entries(whole).filter(([field, value]) => value !== null || ANY_VALUE.has(field)),
  ) as Whole

const NORMAL: Readonly<Record<string, (event: AnyEvent) => AnyEvent>> = {
  // Some endpoints have a code as a number, where AG-UI has a text.
  RUN_ERROR: (event) => (typeof event.code === 'number' ? { ...event, code: String(event.code) } : event),
  // 1.x has outcomes that a client of 0.0.59 refuses, and it reads the same thread.
  RUN_FINISHED: ({ outcome, ...event }) => {
    const { type, interrupts } = (outcome ?? {}) as { type?: unknown; interrupts?: unknown }
    if (type === 'success') return { ...event, outcome: { type } }
    return type === 'interrupt'
      ? { ...event, outcome: { type, interrupts: eachWithoutNulls(interrupts) } }
      : event
  },
  MESSAGES_SNAPSHOT: (event) => ({ ...event, messages: eachWithoutNulls(event.messages) }),
}

const eachWithoutNulls = (items: unknown): unknown =>
  Array.isArray(items) ? items.map((item) => (record(item) ? withoutNulls(item) : item)) : items
