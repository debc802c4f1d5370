import { messageOf } from '../errors.ts'
import type { Logger } from '../logger.ts'
import { sleep } from '../sleep.ts'

const FIRST_PAUSE_MS = 100
const PAUSE_MS_MAX = 5_000

/**
 * Tries until it works, or the signal aborts; then it gives undefined. For what only brokers or a registry that are
 * away can keep from working: the pauses grow to 5 s, and each failure is logged.
 */
export const untilItWorks = async <T>(
  what: string,
  act: () => Promise<T>,
  { signal, logger }: { signal: AbortSignal; logger: Logger },
): Promise<T | undefined> => {
  for (let attempts = 1; !signal.aborted; attempts += 1) {
    try {
      return await act()
    } catch (error) {
      logger.warn(`${what} failed, and is tried again`, { attempts, error: messageOf(error) })
    }
    await sleep(Math.min(FIRST_PAUSE_MS * 2 ** Math.min(attempts, 10), PAUSE_MS_MAX), signal)
  }
  return undefined
}
