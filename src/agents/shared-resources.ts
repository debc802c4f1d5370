import { messageOf } from '../errors.ts'
import type { Logger } from '../logger.ts'

const closers = new Set<() => Promise<void>>()

/**
 * Names what the agents of a process share, and what keeps the process alive: connections that wait for the next run.
 * `close` has to leave alone what is in use, since another worker of the process may go on.
 */
export const closeWithWorkers = (close: () => Promise<void>): void => {
  closers.add(close)
}

/** For a worker that has stopped. Never fails. */
export const closeShared = async (logger: Logger): Promise<void> => {
  const closed = await Promise.allSettled([...closers].map((close) => close()))
  for (const one of closed) {
    if (one.status === 'rejected')
      logger.warn('What agents share was not closed', { error: messageOf(one.reason) })
  }
}
