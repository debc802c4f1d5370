import type { RunCall } from './run-call.ts'

/** This process's runs that have not ended, by thread, in the order in which they were asked for. */
export class Calls {
  readonly #threads = new Map<string, Set<RunCall>>()
  size = 0

  add(call: RunCall): void {
    const calls = this.#threads.get(call.threadId) ?? new Set<RunCall>()
    this.#threads.set(call.threadId, calls.add(call))
    this.size += 1
  }

  remove(call: RunCall): void {
    const calls = this.#threads.get(call.threadId)
    if (calls?.delete(call)) this.size -= 1
    if (calls?.size === 0) this.#threads.delete(call.threadId)
  }

  of(threadId: string): RunCall[] {
    return [...(this.#threads.get(threadId) ?? [])]
  }

  all(): RunCall[] {
    return [...this.#threads.values()].flatMap((calls) => [...calls])
  }
}
