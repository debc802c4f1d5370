import { LRUCache } from 'lru-cache'

/** What an agent keeps of a thread: JSON, small (LIMITS.memoryBytesMax), and no secret: the thread's log holds it. */
export type Remembered = Readonly<Record<string, unknown>>

/** What an agent keeps of one thread between its runs, wherever they are executed. */
export interface ThreadMemory {
  /** What it set last; undefined where it never did. */
  readonly value: Remembered | undefined
  /**
   * Takes the place of what it was, in order with the events that are emitted.
   * @throws RunnerError MEMORY_TOO_LARGE
   */
  set(value: Remembered): void
}

/**
 * An agent that wants to remember. A worker hands it the thread's memory before each run; what is set there is in
 * the thread's log, so the next run goes on with it on any worker. By what it has, not by its class: an agent's
 * module may have another copy of this library.
 */
export interface RemembersThreads {
  useMemory(threadId: string, memory: ThreadMemory): void
}

export const remembersThreads = (agent: object): agent is RemembersThreads =>
  'useMemory' in agent && typeof agent.useMemory === 'function'

const LOCAL_THREADS_MAX = 10_000

/** For agents that run without a worker: in this process, and gone with it. */
export class LocalMemories {
  readonly #values = new LRUCache<string, Remembered>({ max: LOCAL_THREADS_MAX })

  of(threadId: string): ThreadMemory {
    const values = this.#values
    return {
      get value() {
        return values.get(threadId)
      },
      set: (value) => void values.set(threadId, structuredClone(value)),
    }
  }
}
