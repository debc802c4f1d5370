import { RunnerError } from '../errors.ts'
import { sleep } from '../sleep.ts'

export type Tried =
  | { what: 'done' }
  /** The signal aborted before it was. */
  | { what: 'let go' }
  | { what: 'failed'; error: unknown; attempts: number }

export interface AttemptOptions {
  attemptsMax: number
  signal: AbortSignal
  /** It failed, and is tried again. */
  onFailure(error: unknown, attempts: number): void
}

const PAUSE_MS = 200
const PAUSE_MS_MAX = 10_000

/** Tries again with growing pauses, unless the error says that it would not help. Never rejects. */
export const attemptUntilDone = async (
  act: () => Promise<void>,
  { attemptsMax, signal, onFailure }: AttemptOptions,
): Promise<Tried> => {
  for (let attempts = 1; ; attempts += 1) {
    try {
      await act()
      return { what: 'done' }
    } catch (error) {
      if (signal.aborted) return { what: 'let go' }
      const final = error instanceof RunnerError && !error.retriable
      if (final || attempts >= attemptsMax) return { what: 'failed', error, attempts }
      onFailure(error, attempts)
    }
    await sleep(Math.min(PAUSE_MS * 2 ** (attempts - 1), PAUSE_MS_MAX), signal)
    if (signal.aborted) return { what: 'let go' }
  }
}
