import type { RunEvents } from '../run-events.ts'
import { RefMarkers } from './ref-markers.ts'

/** The answer's text, as it is told. */
export class Words {
  readonly #events: RunEvents
  readonly #markers = new RefMarkers()
  #by: string | undefined
  /** Whether anything was told. */
  spoken = false

  constructor(events: RunEvents) {
    this.#events = events
  }

  /** `by` is what says it: another node of a workflow begins another message. */
  say(delta: string, by?: string): void {
    if (delta === '') return
    if (by !== this.#by) this.flush()
    this.#by = by
    this.#tell(this.#markers.take(delta))
  }

  /** More of the last message. */
  add(delta: string): void {
    this.say(delta, this.#by)
  }

  /** No more comes of what was said so far. */
  flush(): void {
    this.#tell(this.#markers.rest())
  }

  #tell(text: string): void {
    if (text === '') return
    this.spoken = true
    this.#events.text(text, this.#by)
  }
}
