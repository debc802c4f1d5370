import type { Command } from '../command/command.ts'
import { isRejected, openRun, type Run, runOf, type ThreadState } from '../log/reducer.ts'

/** What is known of a command besides the log. */
export interface Standing {
  /** Past its time to live. */
  expired: boolean
  /** Somebody stopped it before it began. */
  stopped: boolean
  /** Its thread was deleted since. */
  erased: boolean
  /** A later command of the thread took its place. */
  superseded: boolean
  /** Commands of the thread that wait in front of it. */
  ahead: number
  /** As many commands wait as may. */
  full: boolean
}

export type RejectionCode = 'THREAD_BUSY' | 'QUEUE_FULL' | 'COMMAND_EXPIRED' | 'RUN_STOPPED'

/** What a worker does about a command, by the thread's log. */
export type Decision =
  /** Nobody has it and the thread is free. */
  | { do: 'claim' }
  | { do: 'reject'; code: RejectionCode }
  /** It was rejected before: the answer stands. */
  | { do: 'nothing' }
  /** Its run has ended: only what comes after may be missing. */
  | { do: 'finish'; run: Run }
  /** Another worker, alive, runs it, or it is not its turn: look again later. */
  | { do: 'wait'; for?: Run }
  /** It takes the place of all that is in front of it. */
  | { do: 'supersede'; run?: Run }
  /** The worker of the thread's open run is lost. */
  | { do: 'takeover'; run: Run }

/** Pure. `isAlive` answers for this worker's own runs too: one that it does not know it runs is lost. */
export const decide = (
  state: ThreadState,
  command: Pick<Command, 'commandId' | 'onConcurrentRun'>,
  standing: Standing,
  isAlive: (run: Run) => boolean,
): Decision => {
  const { commandId } = command
  if (isRejected(state, commandId)) return { do: 'nothing' }
  const own = runOf(state, commandId)
  if (own?.terminal !== undefined) return { do: 'finish', run: own }
  const open = openRun(state)
  const lost = open !== undefined && !isAlive(open)
  if (open !== undefined && open === own)
    return lost ? { do: 'takeover', run: open } : { do: 'wait', for: open }
  if (standing.superseded || standing.erased) return { do: 'reject', code: 'RUN_STOPPED' }
  if (standing.expired) return { do: 'reject', code: 'COMMAND_EXPIRED' }
  if (lost) return { do: 'takeover', run: open }
  if (open === undefined && standing.ahead === 0) return { do: 'claim' }
  if (standing.stopped) return { do: 'reject', code: 'RUN_STOPPED' }
  return besideAnother(command.onConcurrentRun, standing, open)
}

/** Promise 7: what a command gets while its thread has a run, or others wait in front of it. */
const besideAnother = (mode: Command['onConcurrentRun'], { full }: Standing, open?: Run): Decision => {
  switch (mode) {
    case 'reject':
      return { do: 'reject', code: 'THREAD_BUSY' }
    case 'enqueue':
      return full ? { do: 'reject', code: 'QUEUE_FULL' } : { do: 'wait', for: open }
    case 'supersede':
      return { do: 'supersede', run: open }
  }
}
