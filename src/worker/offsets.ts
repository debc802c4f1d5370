/**
 * Which commands of each partition are not finished yet. The offset to commit is the lowest of them: a worker
 * that dies gets everything from there on again, and the thread logs say what was done already.
 */
export class Offsets {
  readonly #partitions = new Map<number, Map<number, 'open' | 'done'>>()

  /** Notes a command; false when it is known, as after a rebalance that delivers it again. */
  begin(partition: number, offset: number): boolean {
    const commands = this.#partitions.get(partition) ?? new Map<number, 'open' | 'done'>()
    this.#partitions.set(partition, commands)
    if (commands.has(offset)) return false
    commands.set(offset, 'open')
    return true
  }

  done(partition: number, offset: number): void {
    this.#partitions.get(partition)?.set(offset, 'done')
  }

  /** The offset to commit: where a successor would start. Undefined when nothing was begun. */
  committable(partition: number): number | undefined {
    const commands = this.#partitions.get(partition)
    if (commands === undefined || commands.size === 0) return undefined
    let next = 0
    let firstOpen = Number.POSITIVE_INFINITY
    for (const [offset, status] of commands) {
      next = Math.max(next, offset + 1)
      if (status === 'open') firstOpen = Math.min(firstOpen, offset)
    }
    return Math.min(next, firstOpen)
  }

  /** Forgets the finished commands before a committed offset. */
  committed(partition: number, offset: number): void {
    const commands = this.#partitions.get(partition)
    for (const [known, status] of commands ?? [])
      if (status === 'done' && known < offset) commands?.delete(known)
  }

  /** Forgets what finished in partitions that are another worker's now: it can no longer be committed here. */
  keepOnly(assigned: number[]): void {
    for (const [partition, commands] of this.#partitions) {
      if (assigned.includes(partition)) continue
      for (const [offset, status] of commands) if (status === 'done') commands.delete(offset)
      if (commands.size === 0) this.#partitions.delete(partition)
    }
  }
}
