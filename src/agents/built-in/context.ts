import type { ModelMessage } from 'ai'
import { messageTokens, tokensOf } from './tokens.ts'

/** Above so much of what the model takes, the context is made smaller, */
const COMPRESS_ABOVE = 0.82
/** to so much: each time anew would cost the provider's cache of the beginning. */
const COMPRESS_TO = 0.6
/** What stays of a tool result that is shortened. */
const SHORT_RESULT_CHARACTERS = 1_000
/** The latest results are what the model works with. */
const WHOLE_RESULTS = 1

const LEFT_OUT: ModelMessage = {
  role: 'user',
  content: '[Earlier parts of the conversation are left out here.]',
}

export interface ContextLimit {
  /** What the model takes. */
  maxTokens: number
  /** Taken by what is not a message: the system prompt, the tools. */
  otherTokens: number
  /** How many tokens the provider counted where one was estimated, 1 at least. */
  factor: number
}

/**
 * The first user message and the last turns. A turn begins with a user message, and what an agent did in it belongs
 * to it, so no call is parted from its result.
 */
export const lastTurns = (messages: ModelMessage[], maxTurns: number | undefined): ModelMessage[] => {
  if (maxTurns === undefined) return messages
  const starts = messages.flatMap(({ role }, at) => (role === 'user' ? [at] : []))
  const from = starts[starts.length - maxTurns]
  const first = starts[0]
  if (from === undefined || first === undefined || from === first) return messages
  return [messages[first]!, LEFT_OUT, ...messages.slice(from)]
}

/**
 * The same messages where they are well within the limit. Else the first user message and what is left of the rest
 * once, in this order and until it is enough: the oldest turns are left out, old tool results shortened, the oldest
 * steps of the present turn left out, call and result together, the last results shortened. The provider says it
 * where that is not enough.
 */
export const fitContext = (messages: ModelMessage[], limit: ContextLimit): ModelMessage[] => {
  const size = (each: ModelMessage[]) => (tokensOf(each) + limit.otherTokens) * limit.factor
  if (size(messages) <= limit.maxTokens * COMPRESS_ABOVE) return messages
  const budget = (limit.maxTokens * COMPRESS_TO) / limit.factor - limit.otherTokens
  const steps = [
    withoutOldTurns,
    (each: ModelMessage[]) => withShortResults(each, WHOLE_RESULTS),
    withoutOldSteps,
    (each: ModelMessage[]) => withShortResults(each, 0),
  ]
  return steps.reduce((left, step) => (tokensOf(left) <= budget ? left : step(left, budget)), messages)
}

const withoutOldTurns = (messages: ModelMessage[], budget: number): ModelMessage[] => {
  const first = messages.findIndex(({ role }) => role === 'user')
  const last = messages.findLastIndex((message) => message.role === 'user' && message !== LEFT_OUT)
  if (first === last) return messages
  return leaveOut(messages, first, last, budget, ({ role }) => role === 'user')
}

/** Of the present turn; its last step stays. */
const withoutOldSteps = (messages: ModelMessage[], budget: number): ModelMessage[] => {
  const begin = messages.findLastIndex((message) => message.role === 'user' && message !== LEFT_OUT)
  const last = messages.findLastIndex(({ role }) => role === 'assistant')
  if (last <= begin) return messages
  return leaveOut(messages, begin, last, budget, ({ role }) => role === 'assistant')
}

/**
 * Leaves out what comes after `kept`, as much as needed and up to `last` at most. What is left begins where it may:
 * never between calls and their results.
 */
const leaveOut = (
  messages: ModelMessage[],
  kept: number,
  last: number,
  budget: number,
  mayBegin: (message: ModelMessage) => boolean,
): ModelMessage[] => {
  let left = tokensOf(messages) + messageTokens(LEFT_OUT)
  let from = kept + 1
  while (from < last && (left > budget || !mayBegin(messages[from]!))) {
    left -= messageTokens(messages[from]!)
    from += 1
  }
  if (from === kept + 1) return messages
  return [...messages.slice(0, kept + 1), LEFT_OUT, ...messages.slice(from)]
}

const withShortResults = (messages: ModelMessage[], whole: number): ModelMessage[] => {
  const tools = messages.flatMap(({ role }, at) => (role === 'tool' ? [at] : []))
  const until = tools[tools.length - whole] ?? messages.length
  return messages.map((message, at) => (at < until ? shortened(message) : message))
}

const shortened = (message: ModelMessage): ModelMessage => {
  if (message.role !== 'tool') return message
  return {
    ...message,
    content: message.content.map((part) => {
      if (part.type !== 'tool-result' || part.output.type !== 'text') return part
      const { value } = part.output
      if (value.length <= SHORT_RESULT_CHARACTERS) return part
      const rest = value.length - SHORT_RESULT_CHARACTERS
      const short = `${value.slice(0, SHORT_RESULT_CHARACTERS)}\n[… ${rest} characters more, left out to save room.]`
      return { ...part, output: { type: 'text' as const, value: short } }
    }),
  }
}
