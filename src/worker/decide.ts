import { openRun, type Run, runOf, type ThreadState } from '../log/reducer.ts'

/** What a worker does about a command, by the thread's log. */
export type Decision =
  /** Nobody has it and the thread is free. */
  | { do: 'claim' }
  /** The thread has a run, and the command does not want to wait. */
  | { do: 'reject'; code: 'THREAD_BUSY'; busyWith: Run }
  /** It was rejected before: the answer stands. */
  | { do: 'nothing' }
  /** Its run has ended: only what comes after may be missing. */
  | { do: 'finish'; run: Run }
  /** Another worker, alive, runs it: look again later. */
  | { do: 'leave'; run: Run }
  /** The worker of the thread's open run is lost: close that run first. */
  | { do: 'takeover'; run: Run }

/** Pure. `isAlive` answers for this worker's own runs too: one that it does not know it runs is lost. */
export const decide = (
  state: ThreadState,
  commandId: string,
  isAlive: (workerId: string, run: Run) => boolean,
): Decision => {
  if (state.rejected.some((rejection) => rejection.commandId === commandId)) return { do: 'nothing' }
  const own = runOf(state, commandId)
  if (own?.terminal !== undefined) return { do: 'finish', run: own }
  const open = openRun(state)
  if (open === undefined) return { do: 'claim' }
  if (!isAlive(open.claims.at(-1)?.workerId ?? '', open)) return { do: 'takeover', run: open }
  if (open === own) return { do: 'leave', run: open }
  return { do: 'reject', code: 'THREAD_BUSY', busyWith: open }
}
