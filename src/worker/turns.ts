import type { Command } from '../command/command.ts'
import type { RunnerError } from '../errors.ts'

/** A command that a worker has in hand, from its record to its answer. */
export interface Turn {
  readonly command: Command
  /** A later command of the thread took its place. */
  superseded: boolean
  /** Whether it has been told to wait: it is in the thread's queue. */
  waits: boolean
  /** Whether it was told that it is accepted. */
  accepted: boolean
  /** What it was rejected with. */
  refusal?: RunnerError
  /** The run that it has asked to end: once is enough. */
  ending?: string
  /** Looks at the thread again. */
  wake(): void
}

/**
 * The commands in hand, by thread, in the order of their partition: a thread's queue is those that wait. It
 * is not written anywhere: after a crash the commands, which are not committed, come again in the same order.
 */
export class Turns {
  readonly #threads = new Map<string, Set<Turn>>()

  enter(turn: Turn): void {
    const { threadId } = turn.command
    const turns = this.#threads.get(threadId) ?? new Set<Turn>()
    this.#threads.set(threadId, turns.add(turn))
  }

  leave(turn: Turn): void {
    const { threadId } = turn.command
    const turns = this.#threads.get(threadId)
    turns?.delete(turn)
    if (turns?.size === 0) this.#threads.delete(threadId)
    this.wake(threadId)
  }

  of(threadId: string): Turn[] {
    return [...(this.#threads.get(threadId) ?? [])]
  }

  /** Those that wait in front of it. */
  aheadOf(turn: Turn): Turn[] {
    return this.#inFrontOf(turn).filter(({ waits }) => waits)
  }

  /** Whether the same command, delivered before, is in hand. */
  hasTwinAhead(turn: Turn): boolean {
    return this.#inFrontOf(turn).some(({ command }) => command.commandId === turn.command.commandId)
  }

  #inFrontOf(turn: Turn): Turn[] {
    const turns = this.of(turn.command.threadId)
    return turns.slice(0, turns.indexOf(turn))
  }

  /** Whether a command is in hand here, and so will see to its own run. */
  has(threadId: string, commandId: string): boolean {
    return this.of(threadId).some(({ command }) => command.commandId === commandId)
  }

  wake(threadId: string): void {
    for (const turn of this.of(threadId)) turn.wake()
  }
}
