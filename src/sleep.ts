import { setTimeout as delay } from 'node:timers/promises'

/** Waits; ends early, without an error, when the signal aborts. */
export const sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
  try {
    await delay(ms, undefined, { signal })
  } catch (error) {
    if (signal?.aborted !== true) throw error
  }
}
