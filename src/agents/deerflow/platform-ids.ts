import { randomUUID } from 'node:crypto'
import type { Message } from '@ag-ui/client'

/**
 * What DeerFlow's ids are in the thread: themselves, since they are of use in later runs, unless the client has
 * something else of that name. Some models number their answers and calls from one again in each run.
 */
export class PlatformIds {
  readonly #taken: ReadonlySet<string>
  readonly #ours = new Map<string, string>()

  constructor(messages: readonly Message[]) {
    this.#taken = new Set(messages.flatMap(idsOf))
  }

  /** Of something that DeerFlow says now. */
  ofNew(id: string): string {
    const ours = this.#ours.get(id) ?? (this.#taken.has(id) ? randomUUID() : id)
    this.#ours.set(id, ours)
    return ours
  }

  /** Of something that DeerFlow may have said in an earlier run. */
  of(id: string): string {
    return this.#ours.get(id) ?? id
  }

  /** Whether it was said in this run. */
  isNew(id: string): boolean {
    return this.#ours.has(id)
  }

  /** Whether the client had it when the run began. */
  isTaken(id: string): boolean {
    return this.#taken.has(id)
  }
}

const idsOf = (message: Message): string[] => {
  const { id, toolCalls = [] } = message as { id: string; toolCalls?: { id: string }[] }
  return [id, ...toolCalls.map((call) => call.id)]
}
