import { RunnerError } from '../errors.ts'
import { sleep } from '../sleep.ts'

const PAUSE_MS = 500

/**
 * Tries until brokers answer that were not there yet, as when all of a system starts at once.
 * @throws RunnerError BROKER_UNAVAILABLE, after the time; any other error at once
 */
export const startWithin = async (start: () => Promise<void>, waitMs: number): Promise<void> => {
  const deadline = performance.now() + waitMs
  for (;;) {
    try {
      return await start()
    } catch (error) {
      const known = error instanceof RunnerError && error.code === 'BROKER_UNAVAILABLE'
      if (!known || performance.now() + PAUSE_MS > deadline) throw error
      await sleep(PAUSE_MS)
    }
  }
}
