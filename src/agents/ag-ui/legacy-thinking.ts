import { randomUUID } from 'node:crypto'
import type { AnyEvent } from '../../run/event.ts'

/** THINKING_* of old endpoints as REASONING_*, which every client reads; 1.x knows no other. */
export class LegacyThinking {
  #id = randomUUID()

  translate(event: AnyEvent): AnyEvent {
    const type = TYPES[event.type]
    if (type === undefined) return event
    // Only these two begin anew: the others belong to what they began.
    if (event.type === 'THINKING_START') this.#id = randomUUID()
    const { title: _, ...fields } = event
    return {
      ...fields,
      type,
      messageId: this.#id,
      ...(type === 'REASONING_MESSAGE_START' && { role: 'reasoning' }),
    }
  }
}

const TYPES: Readonly<Record<string, string>> = {
  THINKING_START: 'REASONING_START',
  THINKING_TEXT_MESSAGE_START: 'REASONING_MESSAGE_START',
  THINKING_TEXT_MESSAGE_CONTENT: 'REASONING_MESSAGE_CONTENT',
  THINKING_TEXT_MESSAGE_END: 'REASONING_MESSAGE_END',
  THINKING_END: 'REASONING_END',
}
