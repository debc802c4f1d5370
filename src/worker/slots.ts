/** A counting semaphore: at most `max` holders, the rest wait in order. */
export class Slots {
  readonly #max: number
  #held = 0
  readonly #waiting: (() => void)[] = []

  constructor(max: number) {
    this.#max = max
  }

  get held(): number {
    return this.#held
  }

  /** Resolves with a function that gives the place back; a second call of it does nothing. */
  async acquire(): Promise<() => void> {
    if (this.#held < this.#max) this.#held += 1
    // The place is handed over, not freed: nobody can step in between.
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    let given = false
    return () => {
      if (given) return
      given = true
      const next = this.#waiting.shift()
      if (next === undefined) this.#held -= 1
      else next()
    }
  }
}
