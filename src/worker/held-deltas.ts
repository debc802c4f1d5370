import type { AgentStateMutation, AgentSubscriber, BaseEvent, Message } from '@ag-ui/client'
import { type AnyEvent, stringField } from '../run/event.ts'

/** Which field of a delta event names what it continues. */
const CONTINUES: Record<string, 'messageId' | 'toolCallId'> = {
  TEXT_MESSAGE_CONTENT: 'messageId',
  REASONING_MESSAGE_CONTENT: 'messageId',
  TOOL_CALL_ARGS: 'toolCallId',
}

/**
 * Keeps deltas from AG-UI's client, which clones all messages of the agent for each: a message of 500 kB in 2,000
 * deltas took two thirds of a worker's time. The agent's own messages get them together, before anything else
 * is applied. Not for an agent with subscribers of its own: they are to see each delta.
 */
export class HeldDeltas {
  /** By message, and by tool call: one may have the other's id. */
  readonly #held = { messageId: new Map<string, string>(), toolCallId: new Map<string, string>() }

  /** What an `onEvent` subscriber is to return. */
  take(event: BaseEvent, messages: readonly Message[]): AgentStateMutation | undefined {
    const { type, metadata, delta } = event as AnyEvent
    const field = metadata === undefined ? CONTINUES[type] : undefined
    const id = field && stringField(event as AnyEvent, field)
    if (
      field !== undefined &&
      id !== undefined &&
      typeof delta === 'string' &&
      isPlain(field, id, messages)
    ) {
      const held = this.#held[field]
      held.set(id, (held.get(id) ?? '') + delta)
      return { stopPropagation: true }
    }
    const { messageId: texts, toolCallId: args } = this.#held
    if (texts.size === 0 && args.size === 0) return undefined
    const filled = messages.map((message) => fillCalls(fillText(message, texts), args))
    texts.clear()
    args.clear()
    return { messages: filled }
  }
}

/** Whether it is plain what the delta continues: where ids meet, the client has rules of its own. */
const isPlain = (field: 'messageId' | 'toolCallId', id: string, messages: readonly Message[]): boolean => {
  if (field === 'messageId') {
    const named = messages.filter((message) => message.id === id)
    return named.length === 1 && named[0]?.role !== 'activity'
  }
  const calls = messages.flatMap((message) => (message.role === 'assistant' ? (message.toolCalls ?? []) : []))
  return calls.filter((call) => call.id === id).length === 1
}

const fillText = (message: Message, texts: Map<string, string>): Message => {
  const text = texts.get(message.id)
  if (text === undefined) return message
  texts.delete(message.id)
  const before = typeof message.content === 'string' ? message.content : ''
  return { ...message, content: before + text } as Message
}

const fillCalls = (message: Message, args: Map<string, string>): Message => {
  if (args.size === 0 || message.role !== 'assistant' || message.toolCalls === undefined) return message
  const toolCalls = message.toolCalls.map((call) => {
    const text = args.get(call.id)
    if (text === undefined) return call
    args.delete(call.id)
    return { ...call, function: { ...call.function, arguments: call.function.arguments + text } }
  })
  return { ...message, toolCalls }
}

/** What the subscribers of an agent are given of each event. */
export type OnEvent = NonNullable<AgentSubscriber['onEvent']>
