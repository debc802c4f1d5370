/**
 * How far a partition of which this member is the owner was handled. The offset to commit is the lowest record that
 * is not done, so that whoever comes next gets all of what was left.
 */
export class Progress {
  /** In the order of their offsets, since they are begun in it. */
  readonly #open = new Set<number>()
  #next = 0
  #committed = 0

  /** Notes a record; false when it was begun before, as when a rebalance delivers it again. */
  begin(offset: number): boolean {
    if (offset < this.#next) return false
    this.#next = offset + 1
    this.#open.add(offset)
    return true
  }

  done(offset: number): void {
    this.#open.delete(offset)
  }

  /** What is to be committed and was not yet. */
  get committable(): number | undefined {
    const [lowestOpen = this.#next] = this.#open
    return lowestOpen > this.#committed ? lowestOpen : undefined
  }

  committed(offset: number): void {
    this.#committed = Math.max(this.#committed, offset)
  }
}
