import { messageOf } from '../../../errors.ts'
import type { ToolOutcome } from './tool.ts'
import { failure } from './tool-result.ts'

/** Why a tool's signal aborts. */
export const TOO_SLOW = 'the call took too long'
const RUN_STOPPED = 'the run was stopped'

/**
 * Waits for a tool, but for no longer than its time-out or its run lasts: a tool that ignores its signal is left to
 * itself, and what comes of it is dropped.
 */
export const guarded = async (
  work: (signal: AbortSignal) => Promise<ToolOutcome>,
  { signal, timeoutMs }: { signal: AbortSignal; timeoutMs: number },
): Promise<ToolOutcome> => {
  if (signal.aborted) return STOPPED
  // Its own: libraries leave listeners on the signal that they get, and this one goes with the call.
  const limit = new AbortController()
  const ended = Promise.withResolvers<ToolOutcome>()
  const stop = () => {
    ended.resolve(STOPPED)
    limit.abort(RUN_STOPPED)
  }
  const timer = setTimeout(() => {
    ended.resolve(
      failure(`the tool took longer than ${timeoutMs / 1000} s, its time-out; it may still have an effect.`),
    )
    limit.abort(TOO_SLOW)
  }, timeoutMs)
  signal.addEventListener('abort', stop, { once: true })
  try {
    const done = invoke(work, limit.signal).catch((error) => failure(messageOf(error)))
    return await Promise.race([ended.promise, done])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}

const STOPPED = failure('the run was stopped before the tool ended.')

/** A synchronous throw is a rejection too. */
const invoke = async (
  work: (signal: AbortSignal) => Promise<ToolOutcome>,
  signal: AbortSignal,
): Promise<ToolOutcome> => await work(signal)
