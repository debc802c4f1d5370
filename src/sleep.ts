import { setTimeout as delay } from 'node:timers/promises'

/** Waits; ends early, without an error, when the signal aborts. */
export const sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
  try {
    await delay(ms, undefined, { signal })
  } catch (error) {
    if (signal?.aborted !== true) throw error
  }
}

/** Waits for something to settle, but no longer than this; true when it did. What it rejects with is its owner's to handle. */
export const settlesWithin = async (something: Promise<unknown>, ms: number): Promise<boolean> => {
  const settled = new AbortController()
  const end = () => settled.abort()
  something.then(end, end)
  await sleep(ms, settled.signal)
  return settled.signal.aborted
}
