import { randomUUID } from 'node:crypto'
import { OVER, sleep } from './sleep.ts'

/** What the rules of a run take from the machine: time and unique names. The simulator brings its own. */
export interface System {
  /** Milliseconds since 1970: for records and people. */
  now(): number
  /** Milliseconds that never go back: for limits. */
  elapsed(): number
  /** Waits; ends early, without an error, when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** A name that nobody else ever gives. */
  newId(): string
}

export const machine: System = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  sleep,
  newId: randomUUID,
}

/**
 * Waits for something to settle, but no longer than this; true when it did. What it rejects with is its
 * owner's to handle.
 */
export const settlesWithin = async (
  { sleep }: Pick<System, 'sleep'>,
  something: Promise<unknown>,
  ms: number,
): Promise<boolean> => {
  const settled = new AbortController()
  const end = () => settled.abort(OVER)
  something.then(end, end)
  await sleep(ms, settled.signal)
  return settled.signal.aborted
}

/** Calls back once after a time, unless the returned function is called before. */
export const after = ({ sleep }: Pick<System, 'sleep'>, ms: number, act: () => void): (() => void) => {
  const cancelled = new AbortController()
  void sleep(ms, cancelled.signal).then(() => {
    if (!cancelled.signal.aborted) act()
  })
  return () => cancelled.abort(OVER)
}
