import { type AnyEvent, stringField } from './event.ts'

/** A tool call is open until it has both its end and its result. */
export interface OpenToolCall {
  ended: boolean
  answered: boolean
}

/** What wraps other events of a run, and so closes after them. */
export type Scope =
  | { readonly kind: 'step'; readonly stepName: string; readonly subagentRunId?: string }
  | { readonly kind: 'subagent'; readonly subagentRunId: string }
  | { readonly kind: 'reasoning'; readonly messageId: string }
  | { readonly kind: 'thinking' }

/** What a run has opened and not closed yet. Feed it every event; it keeps ids, never payloads. */
export class OpenItems {
  /** Whether any event was seen. */
  begun = false
  /** Whether RUN_STARTED was seen. */
  started = false
  /** Whether RUN_FINISHED or RUN_ERROR was seen. Nothing is open after it. */
  ended = false
  readonly texts = new Set<string>()
  readonly toolCalls = new Map<string, OpenToolCall>()
  readonly reasoningMessages = new Set<string>()
  /** A THINKING_TEXT_MESSAGE (0.0.59) has no id, so there is one at most. */
  thinkingText = false
  readonly #scopes = new Map<string, Scope>()

  /** In the order of opening. */
  get scopes(): Scope[] {
    return [...this.#scopes.values()]
  }

  observe(event: AnyEvent): void {
    if (this.ended) return
    this.begun = true
    switch (event.type) {
      case 'RUN_STARTED':
        this.started = true
        return
      case 'RUN_FINISHED':
      case 'RUN_ERROR':
        this.#end()
        return
      default:
        this.#observeMessage(event)
        this.#observeThinkingText(event)
        this.#observeToolCall(event)
        this.#observeScope(event)
    }
  }

  #end(): void {
    this.ended = true
    this.texts.clear()
    this.toolCalls.clear()
    this.reasoningMessages.clear()
    this.thinkingText = false
    this.#scopes.clear()
  }

  #observeMessage(event: AnyEvent): void {
    const messageId = stringField(event, 'messageId')
    if (messageId === undefined) return
    switch (event.type) {
      case 'TEXT_MESSAGE_START':
        this.texts.add(messageId)
        return
      case 'TEXT_MESSAGE_END':
        this.texts.delete(messageId)
        return
      case 'REASONING_MESSAGE_START':
        this.reasoningMessages.add(messageId)
        return
      case 'REASONING_MESSAGE_END':
        this.reasoningMessages.delete(messageId)
        return
    }
  }

  #observeThinkingText({ type }: AnyEvent): void {
    if (type === 'THINKING_TEXT_MESSAGE_START') this.thinkingText = true
    else if (type === 'THINKING_TEXT_MESSAGE_END') this.thinkingText = false
  }

  #observeToolCall(event: AnyEvent): void {
    const toolCallId = stringField(event, 'toolCallId')
    if (toolCallId === undefined) return
    const call = this.toolCalls.get(toolCallId)
    switch (event.type) {
      case 'TOOL_CALL_START':
        // Opened again before its result came: it needs a new end, or no RUN_FINISHED may follow.
        if (call !== undefined) call.ended = false
        else this.toolCalls.set(toolCallId, { ended: false, answered: false })
        return
      case 'TOOL_CALL_END':
        if (call !== undefined) call.ended = true
        break
      case 'TOOL_CALL_RESULT':
        if (call !== undefined) call.answered = true
        break
    }
    if (call?.ended && call.answered) this.toolCalls.delete(toolCallId)
  }

  #observeScope(event: AnyEvent): void {
    const change = scopeChange(event)
    if (change === undefined) return
    const { opens, scope } = change
    if (opens) this.#scopes.set(keyOf(scope), scope)
    else this.#scopes.delete(keyOf(scope))
  }
}

const scopeChange = (event: AnyEvent): { opens: boolean; scope: Scope } | undefined => {
  const subagentRunId = stringField(event, 'subagentRunId')
  switch (event.type) {
    case 'STEP_STARTED':
    case 'STEP_FINISHED': {
      const stepName = stringField(event, 'stepName')
      if (stepName === undefined) return undefined
      return { opens: event.type === 'STEP_STARTED', scope: { kind: 'step', stepName, subagentRunId } }
    }
    case 'SUBAGENT_STARTED':
    case 'SUBAGENT_FINISHED':
    case 'SUBAGENT_ERROR':
      if (subagentRunId === undefined) return undefined
      return { opens: event.type === 'SUBAGENT_STARTED', scope: { kind: 'subagent', subagentRunId } }
    case 'REASONING_START':
    case 'REASONING_END': {
      const messageId = stringField(event, 'messageId')
      if (messageId === undefined) return undefined
      return { opens: event.type === 'REASONING_START', scope: { kind: 'reasoning', messageId } }
    }
    case 'THINKING_START':
    case 'THINKING_END':
      return { opens: event.type === 'THINKING_START', scope: { kind: 'thinking' } }
    default:
      return undefined
  }
}

// JSON keeps the parent's step (no owner) apart from that of a subagent whose id is the empty string.
const keyOf = (scope: Scope): string => {
  switch (scope.kind) {
    case 'step':
      return JSON.stringify([scope.kind, scope.subagentRunId ?? null, scope.stepName])
    case 'subagent':
      return JSON.stringify([scope.kind, scope.subagentRunId])
    case 'reasoning':
      return JSON.stringify([scope.kind, scope.messageId])
    case 'thinking':
      return scope.kind
  }
}
