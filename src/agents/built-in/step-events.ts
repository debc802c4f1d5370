import { randomUUID } from 'node:crypto'
import type { OutputPart } from '../providers/answer.ts'
import type { RunEvents } from '../run-events.ts'
import { signatureText } from './signatures.ts'

/** The events of one answer of a model. Its calls belong to one message: that of its text, or one of their own. */
export class StepEvents {
  readonly #events: RunEvents
  #parent: string | undefined
  readonly #withArguments = new Set<string>()
  readonly #ownName: (name: string) => string

  /** `ownName` is what a client calls the tool that the model calls so. */
  constructor(events: RunEvents, ownName: (name: string) => string) {
    this.#events = events
    this.#ownName = ownName
  }

  take(part: OutputPart): void {
    const events = this.#events
    switch (part.type) {
      case 'text':
        events.text(part.delta, part.by)
        this.#parent ??= events.messageId
        return
      case 'reasoning':
        events.reasoning(part.delta, part.by)
        return
      case 'call-start':
        this.#parent ??= randomUUID()
        events.endReasoning()
        events.endText()
        events.emit({
          type: 'TOOL_CALL_START',
          toolCallId: part.id,
          toolCallName: this.#ownName(part.name),
          parentMessageId: this.#parent,
        })
        return
      case 'call-args':
        this.#withArguments.add(part.id)
        events.toolArgs(part.id, part.delta)
        return
      case 'call-end':
        // A client parses them.
        if (!this.#withArguments.has(part.id)) events.toolArgs(part.id, '{}')
        events.endToolCall(part.id)
        return
      case 'signature':
        this.#sign(part)
        return
      case 'source':
        events.custom('built-in.source', part.value)
        return
      case 'left-out':
        events.custom('notice', {
          code: 'OUTPUT_LEFT_OUT',
          message: `The model gave ${part.what}, which is not shown.`,
        })
    }
  }

  /** The next run may be on another worker, which has the thread's messages alone. */
  #sign({ of, value }: Extract<OutputPart, { type: 'signature' }>): void {
    const entityId = of === 'reasoning' ? this.#events.reasoningId : of.callId
    const encryptedValue = signatureText(value)
    if (entityId === undefined || encryptedValue === undefined) return
    const subtype = of === 'reasoning' ? 'message' : 'tool-call'
    this.#events.emit({ type: 'REASONING_ENCRYPTED_VALUE', subtype, entityId, encryptedValue })
  }

  end(): void {
    this.#events.endReasoning()
    this.#events.endText()
  }
}
