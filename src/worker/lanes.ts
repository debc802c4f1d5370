/** Runs the steps of one thread one after the other, those of different threads side by side. */
export class Lanes {
  readonly #ends = new Map<string, Promise<unknown>>()

  async run<T>(threadId: string, step: () => Promise<T>): Promise<T> {
    const before = this.#ends.get(threadId) ?? Promise.resolve()
    const result = before.then(step, step)
    this.#ends.set(threadId, result)
    try {
      return await result
    } finally {
      if (this.#ends.get(threadId) === result) this.#ends.delete(threadId)
    }
  }
}
