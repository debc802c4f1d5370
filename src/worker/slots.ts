/** A counting semaphore: at most `max` holders, the rest wait in order. */
export class Slots {
  readonly #max: number
  #held = 0
  readonly #waiting = new Set<() => void>()

  constructor(max: number) {
    this.#max = max
  }

  /**
   * Resolves with a function that gives the place back, of which a second call does nothing; undefined when
   * the signal aborted before there was a place.
   */
  async acquire(signal: AbortSignal): Promise<(() => void) | undefined> {
    if (signal.aborted) return undefined
    if (this.#held < this.#max) this.#held += 1
    // The place is handed over, not freed: nobody can step in between.
    else if (!(await this.#wait(signal))) return undefined
    return this.#releaser()
  }

  /** A place if one is free now. */
  tryAcquire(): (() => void) | undefined {
    if (this.#held >= this.#max) return undefined
    this.#held += 1
    return this.#releaser()
  }

  #releaser(): () => void {
    let given = false
    return () => {
      if (given) return
      given = true
      if (!this.#wakeFirst()) this.#held -= 1
    }
  }

  #wait(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const wake = () => resolve(true)
      this.#waiting.add(wake)
      signal.addEventListener(
        'abort',
        () => {
          this.#waiting.delete(wake)
          resolve(false)
        },
        { once: true },
      )
    })
  }

  #wakeFirst(): boolean {
    const [first] = this.#waiting
    if (first === undefined) return false
    this.#waiting.delete(first)
    first()
    return true
  }
}
