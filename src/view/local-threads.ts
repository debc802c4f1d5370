import type { ThreadSummary } from './thread-page.ts'

/** A thread as CopilotKit's local thread endpoints give it, and how it stands. */
export interface LocalThread {
  id: string
  /** Threads have no names here. */
  name: string | null
  /** Of the latest run. */
  agentId: string
  organizationId: string
  createdById: string
  archived: boolean
  /** ISO 8601. */
  createdAt: string
  updatedAt: string
  /** Of the latest run; not part of CopilotKit's record. */
  status: ThreadSummary['status']
}

/** CopilotKit's list has no pages; a longer one would hold up the process. `threads()` has pages. */
export const LOCAL_THREADS_MAX = 10_000

export const localThread = ({
  threadId,
  agentId,
  createdAt,
  updatedAt,
  status,
}: ThreadSummary): LocalThread => ({
  id: threadId,
  name: null,
  agentId,
  organizationId: '',
  createdById: '',
  archived: false,
  createdAt: new Date(createdAt).toISOString(),
  updatedAt: new Date(updatedAt).toISOString(),
  status,
})

/** CopilotKit knows states that are objects. */
export const localState = (state: unknown): Record<string, unknown> | null =>
  typeof state === 'object' && state !== null && !Array.isArray(state) ? { ...state } : null
