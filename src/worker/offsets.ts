interface Taken {
  done: boolean
  /** Delivered since the partition was last assigned. */
  current: boolean
}

/**
 * Which commands of each partition are not finished yet. The offset to commit is the lowest of them: a worker
 * that dies gets everything from there on again, and the thread logs say what was done already.
 */
export class Offsets {
  readonly #partitions = new Map<number, Map<number, Taken>>()

  /** Notes a command; false when it is known, as after a rebalance that delivers it again. */
  begin(partition: number, offset: number): boolean {
    const commands = this.#partitions.get(partition) ?? new Map<number, Taken>()
    this.#partitions.set(partition, commands)
    const known = commands.get(offset)
    commands.set(offset, { done: known?.done ?? false, current: true })
    return known === undefined
  }

  /** Forgets a command that was let go unanswered; true when it was delivered again meanwhile. */
  drop(partition: number, offset: number): boolean {
    const commands = this.#partitions.get(partition)
    const command = commands?.get(offset)
    if (command === undefined || command.done) return false
    if (!command.current) commands?.delete(offset)
    return command.current
  }

  done(partition: number, offset: number): void {
    const command = this.#partitions.get(partition)?.get(offset)
    if (command !== undefined) command.done = true
  }

  /** The offset to commit: where a successor would start. Undefined when nothing was begun. */
  committable(partition: number): number | undefined {
    let next: number | undefined
    let firstOpen = Number.POSITIVE_INFINITY
    for (const [offset, { done, current }] of this.#partitions.get(partition) ?? []) {
      // From an assignment before: another worker may have committed far beyond it since.
      if (!current) continue
      next = Math.max(next ?? 0, offset + 1)
      if (!done) firstOpen = Math.min(firstOpen, offset)
    }
    return next === undefined ? undefined : Math.min(next, firstOpen)
  }

  /** Forgets the finished commands before a committed offset. */
  committed(partition: number, offset: number): void {
    const commands = this.#partitions.get(partition)
    for (const [known, { done }] of commands ?? []) if (done && known < offset) commands?.delete(known)
  }

  /**
   * To be called at each assignment, after which everything from the committed offset on is delivered again.
   * Forgets what finished in partitions that are another worker's now: it can no longer be committed here.
   */
  keepOnly(assigned: number[]): void {
    for (const [partition, commands] of this.#partitions) {
      for (const [offset, command] of commands) {
        command.current = false
        if (command.done && !assigned.includes(partition)) commands.delete(offset)
      }
      if (commands.size === 0) this.#partitions.delete(partition)
    }
  }
}
