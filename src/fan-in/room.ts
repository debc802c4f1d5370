/** Counts what a consumer has in hand; beyond its limits what comes has to wait. One record always goes in. */
export class Room {
  readonly #recordsMax: number
  readonly #bytesMax: number
  #records = 0
  #bytes = 0
  #closed = false
  /** One for each partition at most: a partition waits with its record. */
  readonly #waiting = new Set<() => void>()

  constructor({ recordsMax, bytesMax }: { recordsMax: number; bytesMax: number }) {
    this.#recordsMax = recordsMax
    this.#bytesMax = bytesMax
  }

  async enter(bytes: number): Promise<void> {
    while (this.#isFull && !this.#closed) await new Promise<void>((resolve) => this.#waiting.add(resolve))
    this.#records += 1
    this.#bytes += bytes
  }

  /** What is in hand got larger. */
  grow(bytes: number): void {
    this.#bytes += bytes
  }

  leave(bytes: number): void {
    this.#records -= 1
    this.#bytes -= bytes
    if (!this.#isFull) this.#wake()
  }

  /** Nobody waits from now on: what comes is not wanted any more. */
  close(): void {
    this.#closed = true
    this.#wake()
  }

  get #isFull(): boolean {
    return this.#records >= this.#recordsMax || this.#bytes >= this.#bytesMax
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }
}
