import { randomUUID } from 'node:crypto'
import { AgentError } from '../agent-error.ts'
import type { RunEvents, Usage } from '../run-events.ts'
import { Clarifications } from './clarifications.ts'
import { type LcMessage, resultIn, saidIn } from './lc-message.ts'
import type { PlatformIds } from './platform-ids.ts'

type ToolCallChunk = NonNullable<LcMessage['tool_call_chunks']>[number]

/** The messages of the run, piece by piece, as events. */
export class MessageStream {
  readonly clarifications = new Clarifications()
  /** What was said under each message's id in this run. */
  readonly texts = new Map<string, string>()
  /** Calls of this run, and those that have a result. */
  readonly calls = new Set<string>()
  readonly answered = new Set<string>()
  /** DeerFlow puts an apology in the place of the model's answer, and lets its run fail. */
  failure: AgentError | undefined
  readonly #events: RunEvents
  readonly #ids: PlatformIds
  readonly #usage: Usage = {}
  #message: string | undefined
  /** Calls of the open message whose arguments are still coming, by their place in it. */
  readonly #open = new Map<string, string>()
  #place = ''

  constructor(events: RunEvents, ids: PlatformIds) {
    this.#events = events
    this.#ids = ids
  }

  /** What the model calls of the lead agent cost; the subagents' are not in their messages. */
  get usage(): Usage {
    return this.#usage
  }

  take(message: LcMessage): void {
    if (message.role === 'ai') this.#takeAnswer(message)
    if (message.role === 'tool') this.#takeResult(message)
  }

  #takeAnswer(message: LcMessage): void {
    if (message.additional_kwargs?.deerflow_error_fallback === true) {
      this.failure = failureIn(message)
      return
    }
    const id = message.id ?? this.#message ?? randomUUID()
    const isTold = this.#ids.isNew(id)
    // A whole message of which the client has the pieces already, or all of it since an earlier run.
    if (!message.isChunk && (isTold || this.#ids.isTaken(id))) {
      if (isTold) this.#takeCalls(this.#ids.of(id), message)
      return
    }
    this.#settle()
    this.#count(message)
    if (this.#message !== id) this.#endCalls()
    this.#message = id
    const ours = this.#ids.ofNew(id)
    this.#say(ours, saidIn(message))
    this.#takeCalls(ours, message)
  }

  #say(ours: string, { text, reasoning }: { text: string; reasoning: string }): void {
    this.#events.reasoning(reasoning, ours)
    if (text === '') return
    const isOpen = this.#events.messageId === ours
    // One that has ended cannot go on: what it says after a call or a thought is another message.
    this.#events.text(text, ours, this.texts.has(ours) && !isOpen ? randomUUID() : ours)
    this.texts.set(ours, (this.texts.get(ours) ?? '') + text)
  }

  #takeCalls(ours: string, { tool_calls, tool_call_chunks }: LcMessage): void {
    if (tool_call_chunks?.length) {
      for (const chunk of tool_call_chunks) this.#takeCallChunk(ours, chunk)
      return
    }
    for (const { id, name, args } of tool_calls ?? []) {
      if (id && this.calls.has(this.#ids.of(id))) continue
      const callId = this.#startCall(ours, id, name)
      this.#events.toolArgs(callId, typeof args === 'string' ? args : JSON.stringify(args ?? {}))
      this.#events.endToolCall(callId)
    }
  }

  #takeCallChunk(ours: string, { index, id, name, args }: ToolCallChunk): void {
    const place = `${ours} ${index ?? id ?? this.#place}`
    if (name && !this.#open.has(place)) this.#open.set(place, this.#startCall(ours, id, name))
    this.#place = place.slice(ours.length + 1)
    const callId = this.#open.get(place)
    if (callId !== undefined && args) this.#events.toolArgs(callId, args)
  }

  #startCall(parentMessageId: string, id: string | null | undefined, toolCallName: string): string {
    const toolCallId = this.#ids.ofNew(id || randomUUID())
    this.calls.add(toolCallId)
    this.#events.endReasoning()
    this.#events.endText()
    this.#events.emit({ type: 'TOOL_CALL_START', toolCallId, toolCallName, parentMessageId })
    return toolCallId
  }

  #takeResult(message: LcMessage): void {
    this.#endCalls()
    const { tool_call_id, name } = message
    if (!tool_call_id) return
    const toolCallId = this.#ids.of(tool_call_id)
    const isOfEarlierRun = !this.calls.has(toolCallId) && this.#ids.isTaken(message.id ?? '')
    if (this.answered.has(toolCallId) || isOfEarlierRun) return
    if (this.clarifications.take(message, toolCallId)) return
    if (!this.calls.has(toolCallId) && !this.#ids.isTaken(toolCallId)) {
      this.#startCall(this.#message ?? randomUUID(), tool_call_id, name ?? 'tool')
      this.#events.endToolCall(toolCallId)
    }
    this.#answer(toolCallId, message.id ?? undefined, resultIn(message))
  }

  /** The agent went on: what it asked needs no answer. */
  #settle(): void {
    for (const { toolCallId, messageId, content } of this.clarifications.drop())
      this.#answer(toolCallId, messageId, content)
  }

  #answer(toolCallId: string, id: string | undefined, content: string): void {
    this.answered.add(toolCallId)
    const messageId = this.#ids.ofNew(id || randomUUID())
    this.#events.endText()
    this.#events.endReasoning()
    this.#events.emit({ type: 'TOOL_CALL_RESULT', messageId, toolCallId, role: 'tool', content })
  }

  #endCalls(): void {
    for (const callId of this.#open.values()) this.#events.endToolCall(callId)
    this.#open.clear()
  }

  #count({ usage_metadata: usage, response_metadata }: LcMessage): void {
    const model = response_metadata?.model_name ?? response_metadata?.model
    if (typeof model === 'string') this.#usage.model = model
    if (!usage) return
    add(this.#usage, 'inputTokens', usage.input_tokens)
    add(this.#usage, 'outputTokens', usage.output_tokens)
    add(this.#usage, 'totalTokens', usage.total_tokens)
  }
}

const add = (usage: Usage, field: 'inputTokens' | 'outputTokens' | 'totalTokens', tokens = 0): void => {
  usage[field] = (usage[field] ?? 0) + tokens
}

const failureIn = (message: LcMessage): AgentError => {
  const { error_type, error_detail } = message.additional_kwargs ?? {}
  const { text } = saidIn(message)
  const code = typeof error_type === 'string' && error_type !== '' ? error_type : 'AGENT_FAILED'
  const detail = typeof error_detail === 'string' && !text.includes(error_detail) ? ` (${error_detail})` : ''
  return new AgentError(code, `DeerFlow: ${text}${detail}`)
}
