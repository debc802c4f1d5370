import { randomUUID } from 'node:crypto'
import type { BaseEvent } from '@ag-ui/client'
import { type AnyEvent, toBaseEvent } from '../run/event.ts'
import { closeOpen } from '../run/finalize.ts'
import { OpenItems } from '../run/open-items.ts'

/**
 * Emits a run's events so that they are a valid AG-UI sequence: what is to be open is opened, and what has to be
 * closed before is closed. One text message or one reasoning message is open at a time.
 */
export class RunEvents {
  readonly #emit: (event: BaseEvent) => void
  readonly #open = new OpenItems()
  #text: { id: string; by: string | undefined } | undefined
  #reasoning: { id: string; by: string | undefined } | undefined

  constructor(emit: (event: BaseEvent) => void) {
    this.#emit = emit
  }

  /** Whether a terminal event was emitted: whatever comes now is dropped. */
  get ended(): boolean {
    return this.#open.ended
  }

  /** The open text message, to name the parent of a tool call. */
  get messageId(): string | undefined {
    return this.#text?.id
  }

  /** The open reasoning message. */
  get reasoningId(): string | undefined {
    return this.#reasoning?.id
  }

  /** Any event; nothing after a terminal one. */
  emit(event: AnyEvent): void {
    if (this.ended) return
    this.#open.observe(event)
    this.#emit(toBaseEvent(event))
  }

  /**
   * A piece of the answer. `by` is the platform's name for the message: another one begins a new message. Its ids
   * are ours, since platforms use theirs again in another run; `id` is for one whose ids are known to be good.
   */
  text(delta: string, by?: string, id: string = randomUUID()): void {
    if (delta === '') return
    this.endReasoning()
    if (this.#text?.by !== by) this.endText()
    if (this.#text === undefined) {
      this.#text = { id, by }
      this.emit({ type: 'TEXT_MESSAGE_START', messageId: this.#text.id, role: 'assistant' })
    }
    this.emit({ type: 'TEXT_MESSAGE_CONTENT', messageId: this.#text.id, delta })
  }

  endText(): void {
    if (this.#text === undefined) return
    const { id } = this.#text
    this.#text = undefined
    this.emit({ type: 'TEXT_MESSAGE_END', messageId: id })
  }

  /** A piece of what the model thinks before it answers. */
  reasoning(delta: string, by?: string): void {
    if (delta === '') return
    this.endText()
    if (this.#reasoning?.by !== by) this.endReasoning()
    if (this.#reasoning === undefined) {
      this.#reasoning = { id: randomUUID(), by }
      const { id: messageId } = this.#reasoning
      this.emit({ type: 'REASONING_START', messageId })
      this.emit({ type: 'REASONING_MESSAGE_START', messageId, role: 'reasoning' })
    }
    this.emit({ type: 'REASONING_MESSAGE_CONTENT', messageId: this.#reasoning.id, delta })
  }

  endReasoning(): void {
    if (this.#reasoning === undefined) return
    const { id: messageId } = this.#reasoning
    this.#reasoning = undefined
    this.emit({ type: 'REASONING_MESSAGE_END', messageId })
    this.emit({ type: 'REASONING_END', messageId })
  }

  /** A whole tool call that the platform made; the id is unique to the run, or a new one. */
  toolCall(name: string, args: unknown, toolCallId: string = randomUUID()): string {
    this.startToolCall(name, toolCallId)
    const delta = typeof args === 'string' ? args : JSON.stringify(args ?? {})
    this.toolArgs(toolCallId, delta)
    this.endToolCall(toolCallId)
    return toolCallId
  }

  /** Of a call whose arguments come piece by piece. */
  startToolCall(name: string, toolCallId: string): void {
    this.endReasoning()
    const parentMessageId = this.messageId
    this.endText()
    this.emit({
      type: 'TOOL_CALL_START',
      toolCallId,
      toolCallName: name,
      ...(parentMessageId !== undefined && { parentMessageId }),
    })
  }

  toolArgs(toolCallId: string, delta: string): void {
    if (delta !== '') this.emit({ type: 'TOOL_CALL_ARGS', toolCallId, delta })
  }

  endToolCall(toolCallId: string): void {
    this.emit({ type: 'TOOL_CALL_END', toolCallId })
  }

  toolResult(toolCallId: string, content: unknown): void {
    this.endText()
    this.endReasoning()
    this.emit({
      type: 'TOOL_CALL_RESULT',
      messageId: randomUUID(),
      toolCallId,
      role: 'tool',
      content: typeof content === 'string' ? content : JSON.stringify(content),
    })
  }

  /** A step of a workflow. Its name must be unique among the open ones. */
  startStep(stepName: string): void {
    this.emit({ type: 'STEP_STARTED', stepName })
  }

  /** One that is not open is passed over. */
  endStep(stepName: string): void {
    if (this.#open.scopes.some((scope) => scope.kind === 'step' && scope.stepName === stepName))
      this.emit({ type: 'STEP_FINISHED', stepName })
  }

  /** What AG-UI has no event for. */
  custom(name: string, value: unknown): void {
    this.emit({ type: 'CUSTOM', name, value })
  }

  /** What the run cost, in the form that analytics reads: one for each model call or run. */
  usage(usage: Usage): void {
    this.custom('usage', usage)
  }

  /** Closes what AG-UI wants closed before RUN_FINISHED. A tool call may go without a result: its client has it. */
  close(): void {
    this.endText()
    this.endReasoning()
    for (const [toolCallId, { ended }] of this.#open.toolCalls) if (!ended) this.endToolCall(toolCallId)
    for (const scope of this.#open.scopes.reverse())
      if (scope.kind === 'step') this.emit({ type: 'STEP_FINISHED', stepName: scope.stepName })
  }

  /** Closes all, tool calls without a result too: the run has failed. */
  closeFailed(why: string): void {
    this.#text = undefined
    this.#reasoning = undefined
    for (const event of closeOpen(this.#open, why)) this.emit({ ...event })
  }
}

export interface Usage {
  inputTokens?: number
  outputTokens?: number
  totalTokens?: number
  model?: string
}
