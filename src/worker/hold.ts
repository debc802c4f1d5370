/** A command in a worker's hands: until it is answered, or let go to whoever has its partition now. */
export class Hold {
  readonly partition: number
  /** A run of it was claimed here and has not ended: that is this worker's to end, whoever has the partition. */
  begun = false
  readonly #leaving: AbortSignal
  readonly #lost = new AbortController()
  readonly #either: AbortSignal

  constructor(partition: number, leaving: AbortSignal) {
    this.partition = partition
    this.#leaving = leaving
    this.#either = AbortSignal.any([leaving, this.#lost.signal])
  }

  /** Another worker has its partition. */
  lose(): void {
    this.#lost.abort()
  }

  /** Whether it was let go for that, and not because this worker leaves. */
  get wasLost(): boolean {
    return this.#lost.signal.aborted && !this.#leaving.aborted
  }

  /** Aborts when it is to be let go. */
  get letGo(): AbortSignal {
    return this.begun ? this.#leaving : this.#either
  }
}
