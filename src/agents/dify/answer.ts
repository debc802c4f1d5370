import type { RunEvents } from '../run-events.ts'
import { type Piece, ThinkBlocks } from './think-blocks.ts'

/** What the app says: its text, and its reasoning where that is inside the text. */
export class Answer {
  readonly #events: RunEvents
  #blocks = new ThinkBlocks()
  /** As Dify sent it. */
  #said = ''
  #by: string | undefined

  constructor(events: RunEvents) {
    this.#events = events
  }

  get isEmpty(): boolean {
    return this.#said.trim() === ''
  }

  /** `by` is Dify's id of the message. */
  chunk(text: string, by?: string): void {
    if (by !== this.#by) {
      this.flush()
      this.#blocks = new ThinkBlocks()
      this.#by = by
    }
    this.#said += text
    this.#tell(this.#blocks.push(text))
  }

  /**
   * The whole answer, after its pieces. Says what is missing of it; where it is another one altogether, it is given
   * back, to take the place of what was said.
   */
  whole(text: string, by?: string): string | undefined {
    if (this.has(text)) return undefined
    if (!text.startsWith(this.#said)) return text
    this.chunk(text.slice(this.#said.length), by)
    return undefined
  }

  /** Whether it was said already, whatever the white space: between an agent's rounds Dify puts line ends. */
  has(text: string): boolean {
    return withoutSpace(this.#said).includes(withoutSpace(text))
  }

  /** Another text has taken the place of all that was said. */
  replaced(text: string): void {
    this.#said = text
  }

  flush(): void {
    this.#tell(this.#blocks.flush())
  }

  #tell(pieces: Piece[]): void {
    for (const { kind, text } of pieces) {
      if (kind === 'text') this.#events.text(text, this.#by)
      else this.#events.reasoning(text)
    }
  }
}

const withoutSpace = (text: string): string => text.replace(/\s+/g, '')
