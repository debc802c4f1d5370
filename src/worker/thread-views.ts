import type { LRUCache } from 'lru-cache'
import { createThreadCache } from '../log/thread-cache.ts'
import type { ThreadLogs } from '../log/thread-logs.ts'
import { ThreadView } from './thread-view.ts'

/** The threads that a worker had to do with most recently. */
export class ThreadViews {
  readonly #logs: ThreadLogs
  readonly #kept: LRUCache<string, ThreadView>

  constructor(logs: ThreadLogs, max: number, idsMax?: number) {
    this.#logs = logs
    this.#kept = createThreadCache<ThreadView>(max, (view) => view.idsHeld, idsMax)
  }

  /** One thread at a time: the view is kept when `read` has brought it up to date, and counts as what it then holds. */
  async read(threadId: string, read: (view: ThreadView) => Promise<void>): Promise<ThreadView> {
    const view = this.#kept.get(threadId) ?? new ThreadView(this.#logs, threadId)
    await read(view)
    this.#kept.delete(threadId)
    this.#kept.set(threadId, view)
    return view
  }

  /** Undefined when others have taken its place. */
  latest(threadId: string): ThreadView | undefined {
    return this.#kept.get(threadId)
  }
}
