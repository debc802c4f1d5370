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
  readonly #texts = new Map<string, string>()

  /** What an `onEvent` subscriber is to return. */
  take(event: BaseEvent, messages: readonly Message[]): AgentStateMutation | undefined {
    const { type, metadata, delta } = event as AnyEvent
    const field = metadata === undefined ? CONTINUES[type] : undefined
    const id = field && stringField(event as AnyEvent, field)
    if (id !== undefined && typeof delta === 'string') {
      this.#texts.set(id, (this.#texts.get(id) ?? '') + delta)
      return { stopPropagation: true }
    }
    if (this.#texts.size === 0) return undefined
    const filled = messages.map((message) => this.#fill(message))
    this.#texts.clear()
    return { messages: filled }
  }

  #fill(message: Message): Message {
    const text = this.#texts.get(message.id)
    if (text !== undefined && message.role !== 'activity') {
      const before = typeof message.content === 'string' ? message.content : ''
      return { ...message, content: before + text } as Message
    }
    if (message.role !== 'assistant' || message.toolCalls === undefined) return message
    return { ...message, toolCalls: message.toolCalls.map((call) => this.#fillCall(call)) }
  }

  #fillCall<T extends { id: string; function: { arguments: string } }>(call: T): T {
    const text = this.#texts.get(call.id)
    if (text === undefined) return call
    return { ...call, function: { ...call.function, arguments: call.function.arguments + text } }
  }
}

/** What the subscribers of an agent are given of each event. */
export type OnEvent = NonNullable<AgentSubscriber['onEvent']>
