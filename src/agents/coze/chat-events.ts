import { randomUUID } from 'node:crypto'
import type { Interrupt } from '../../run/interrupts.ts'
import { AgentError } from '../agent-error.ts'
import type { RunEvents } from '../run-events.ts'
import { type ChatIds, cozeError } from './api.ts'
import { type CozeFrame, type Fields, fieldsOf, numberIn, parsedOr, textIn } from './frame.ts'
import type { Pending } from './memory.ts'
import { ToolCalls } from './tool-calls.ts'

/** What a chat waits for before it goes on. */
export interface RequiredAction {
  interrupts: Interrupt[]
  calls: Pending['calls']
}

/** The frames of one chat's stream as events of a run. */
export class ChatEvents {
  readonly #events: RunEvents
  readonly #at: string
  readonly #tools: ToolCalls
  /** By message: whose text, and whose reasoning, came piece by piece. */
  readonly #streamed = new Set<string>()
  readonly #reasoned = new Set<string>()
  /** What was said last, for messages that come again under another id, and as the text of a question. */
  #said = { id: '', text: '' }
  #ids: ChatIds | undefined
  #required: RequiredAction | undefined
  #ended = false
  readonly #byEvent = new Map<string, (data: Fields) => void>([
    ['conversation.chat.created', (chat) => this.#begin(chat)],
    ['conversation.chat.in_progress', (chat) => this.#begin(chat)],
    ['conversation.message.delta', (message) => this.#delta(message)],
    ['conversation.message.completed', (message) => this.#message(message)],
    ['conversation.audio.delta', (message) => this.#events.custom('coze.audio', message)],
    ['conversation.chat.requires_action', (chat) => this.#require(chat)],
    ['conversation.chat.completed', (chat) => this.#complete(chat)],
    ['conversation.chat.failed', (chat) => this.#fail(fieldsOf(chat.last_error ?? chat))],
    ['conversation.chat.canceled', () => this.#cancelled()],
    ['error', (error) => this.#fail(error)],
  ])

  /** `submitted`: the results that this chat was given, which it repeats. */
  constructor(events: RunEvents, at: string, submitted: readonly string[] = []) {
    this.#events = events
    this.#at = at
    this.#tools = new ToolCalls(events, submitted)
  }

  /** Known from the first frame on. */
  get ids(): ChatIds | undefined {
    return this.#ids
  }

  /** Whether Coze said how the chat ended; it may have failed. */
  get ended(): boolean {
    return this.#ended
  }

  /** What the chat ended with, where it is to go on. */
  get required(): RequiredAction | undefined {
    return this.#required
  }

  /** @throws AgentError with Coze's code where the chat failed */
  take({ event, data }: CozeFrame): void {
    const handle = this.#byEvent.get(event)
    if (handle !== undefined) handle(data)
    else this.#events.custom('coze.event', { event, data })
  }

  #begin(chat: Fields): void {
    const conversation_id = textIn(chat, 'conversation_id')
    const chat_id = textIn(chat, 'id')
    if (conversation_id !== undefined && chat_id !== undefined) this.#ids = { conversation_id, chat_id }
  }

  #delta(message: Fields): void {
    const { id, type, content, reasoning, isText } = partsOf(message)
    if (type !== 'answer') return
    if (reasoning !== '') {
      this.#reasoned.add(id)
      this.#events.reasoning(reasoning, id)
    }
    if (!isText || content === '') return
    this.#streamed.add(id)
    this.#said = { id, text: this.#said.id === id ? this.#said.text + content : content }
    this.#events.text(content, id)
  }

  /** Whole messages; follow_up, knowledge, verbose, and what may come, are extras. */
  #message(message: Fields): void {
    const { type, content } = partsOf(message)
    if (type === 'answer') this.#answer(message)
    else if (type === 'function_call') this.#tools.call(content)
    else if (type === 'tool_output' || type === 'tool_response') this.#tools.result(content)
    else this.#events.custom(`coze.${type}`, parsedOr(content))
  }

  /** The whole of an answer, which repeats its pieces: told only where there were none. */
  #answer(message: Fields): void {
    const { id, content, reasoning, isText } = partsOf(message)
    if (message.content_type === 'card') this.#events.custom('coze.card', parsedOr(content))
    const isRepeated = this.#streamed.has(id) || (content !== '' && content === this.#said.text)
    if (reasoning !== '' && !isRepeated && !this.#reasoned.has(id)) this.#events.reasoning(reasoning, id)
    // Speech has come as audio deltas.
    if (isText && !isRepeated) {
      this.#said = { id, text: content }
      this.#events.text(content, id)
    }
    this.#streamed.add(id)
    this.#events.endText()
  }

  #require(chat: Fields): void {
    this.#begin(chat)
    const { submit_tool_outputs } = fieldsOf(chat.required_action)
    const { tool_calls } = fieldsOf(submit_tool_outputs)
    const required = (Array.isArray(tool_calls) ? tool_calls : []).map((call) => this.#action(fieldsOf(call)))
    if (required.length === 0)
      throw new AgentError('PLATFORM_ANSWER_INVALID', 'Coze waits for an action, and does not say for which.')
    this.#ended = true
    this.#required = {
      interrupts: required.map(({ interrupt }) => interrupt),
      calls: required.map(({ call }) => call),
    }
    this.#usage(chat)
  }

  #action(action: Fields): { interrupt: Interrupt; call: Pending['calls'][number] } {
    const tool_call_id = textIn(action, 'id')
    const name = textIn(fieldsOf(action.function), 'name')
    if (action.type === 'reply_message' || name === undefined || !tool_call_id) {
      const id = randomUUID()
      const message = this.#said.text === '' ? 'The workflow asks for an answer.' : this.#said.text
      const interrupt = { id, reason: 'input_required', message, responseSchema: { type: 'string' } }
      return { interrupt, call: { interrupt: id } }
    }
    const toolCallId = this.#tools.required(name, textIn(fieldsOf(action.function), 'arguments') ?? '')
    const message = `The bot waits for the result of ${name}.`
    return {
      interrupt: { id: toolCallId, reason: 'tool_call', message, toolCallId },
      call: { interrupt: toolCallId, tool_call_id, tool_call: toolCallId },
    }
  }

  #complete(chat: Fields): void {
    this.#begin(chat)
    this.#ended = true
    this.#usage(chat)
  }

  #cancelled(): never {
    this.#ended = true
    throw new AgentError('INCOMPLETE_STREAM', 'The chat was cancelled at Coze, not by this run.')
  }

  #fail(error: Fields): never {
    this.#ended = true
    const message = textIn(error, 'msg') ?? 'no reason given.'
    const { code } = error
    if (code === undefined || code === 0)
      throw new AgentError('PLATFORM_REFUSED', `Coze (${this.#at}) failed: ${message}`)
    throw cozeError(String(code), message, this.#at)
  }

  /** Under both names that Coze's documentation has. */
  #usage(chat: Fields): void {
    const usage = fieldsOf(chat.usage)
    const totalTokens = numberIn(usage, 'token_count')
    // A chat that waits has not been counted yet.
    if (!totalTokens) return
    this.#events.usage({
      inputTokens: numberIn(usage, 'input_count') ?? numberIn(usage, 'input_tokens'),
      outputTokens: numberIn(usage, 'output_count') ?? numberIn(usage, 'output_tokens'),
      totalTokens,
    })
  }
}

const partsOf = (message: Fields) => ({
  id: textIn(message, 'id') ?? '',
  type: textIn(message, 'type') ?? 'answer',
  content: textIn(message, 'content') ?? '',
  reasoning: textIn(message, 'reasoning_content') ?? '',
  isText: message.content_type === undefined || message.content_type === 'text',
})
