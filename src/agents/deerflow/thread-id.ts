import { createHash } from 'node:crypto'

/** The name that a thread has at DeerFlow: its own where DeerFlow takes it, else one made of it. */
export const deerflowThreadId = (threadId: string): string =>
  /^[A-Za-z0-9_-]{1,64}$/.test(threadId)
    ? threadId
    : `kar-${createHash('sha256').update(threadId).digest('hex').slice(0, 40)}`
