/** Does the jobs of one key one after the other, those of different keys side by side, at most `max` at once. */
export class KeyQueues {
  readonly #max: number
  /** Jobs by key; the first of each is under way or waits for a place. */
  readonly #jobs = new Map<string, (() => Promise<void>)[]>()
  /** Keys whose first job waits for a place, in their order. */
  readonly #waiting = new Set<string>()
  #running = 0
  readonly #onIdle: (() => void)[] = []

  constructor(max: number) {
    this.#max = max
  }

  /** A job never rejects. */
  push(key: string, job: () => Promise<void>): void {
    const jobs = this.#jobs.get(key)
    if (jobs !== undefined) {
      jobs.push(job)
      return
    }
    this.#jobs.set(key, [job])
    this.#waiting.add(key)
    this.#fill()
  }

  /** Resolves as soon as nothing is under way and nothing waits. */
  idle(): Promise<void> {
    if (this.#jobs.size === 0) return Promise.resolve()
    return new Promise((resolve) => this.#onIdle.push(resolve))
  }

  #fill(): void {
    for (const key of this.#waiting) {
      if (this.#running >= this.#max) return
      this.#waiting.delete(key)
      this.#running += 1
      void this.#work(key)
    }
  }

  async #work(key: string): Promise<void> {
    const jobs = this.#jobs.get(key)!
    await jobs[0]!()
    this.#running -= 1
    jobs.shift()
    if (jobs.length > 0) this.#waiting.add(key)
    else this.#jobs.delete(key)
    this.#fill()
    if (this.#jobs.size === 0) for (const resolve of this.#onIdle.splice(0)) resolve()
  }
}
