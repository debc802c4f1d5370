import type { System } from '../system.ts'
import type { ThreadEvent } from './thread-runs.ts'

export interface PlaybackOptions {
  /** How many times as fast as it was; Infinity plays without pauses. */
  speed: number
  clock: Pick<System, 'elapsed' | 'sleep'>
  /** Ends it before its end. */
  signal: AbortSignal
  onEvent(event: ThreadEvent): void | Promise<void>
  /** Between two runs the thread was idle for longer than is waited. */
  onIdle?(idleMs: number): void
  /** The longest pause between two runs, in the thread's time. @default 1_000 */
  idleMsMax?: number
}

const EVENTS_AT_ONCE = 500

/**
 * Gives events at the distances in time that they had; where times are not known, at once. Pauses are measured
 * from the start, so that what printing costs does not add up. Resolves to the last event that was given.
 */
export const play = async (
  events: Iterable<ThreadEvent>,
  { speed, clock, signal, onEvent, onIdle, idleMsMax = 1_000 }: PlaybackOptions,
): Promise<ThreadEvent | undefined> => {
  let due = clock.elapsed()
  let last: ThreadEvent | undefined
  let given = 0
  for (const event of events) {
    // Clocks of two workers may differ: time never goes back here.
    const gap = Math.max(0, (event.time ?? 0) - (last?.time ?? event.time ?? 0))
    const isIdle = last !== undefined && last.runId !== event.runId && gap > idleMsMax
    due += (isIdle ? idleMsMax : gap) / speed
    const waitMs = due - clock.elapsed()
    // Without a pause now and then nobody could end it.
    if (waitMs > 0 || given % EVENTS_AT_ONCE === 0) await clock.sleep(Math.max(0, waitMs), signal)
    if (signal.aborted) return last
    if (isIdle) onIdle?.(gap)
    await onEvent(event)
    last = event
    given += 1
  }
  return last
}
