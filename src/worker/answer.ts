import type { Command } from '../command/command.ts'
import type { ConsumedRecord } from '../kafka/consumed-record.ts'
import { OVER } from '../sleep.ts'
import type { System } from '../system.ts'
import type { Hold } from './hold.ts'
import type { Place } from './place.ts'
import type { Admission, RunCommands } from './run-commands.ts'

export interface AnswerOptions {
  command: Command
  record: ConsumedRecord
  place: Place
  commands: RunCommands
  system: System
  hold: Hold
}

/** How often a command that waits looks whether the worker that it waits for is still there. */
const LOOK_AGAIN_MS = 1_000

/**
 * A command from its record to its answer: true when it has one; false when it is let go before it is its
 * turn, or before its run has ended elsewhere.
 */
export const answer = async (options: AnswerOptions): Promise<boolean> => {
  const { command, commands } = options
  let bell = new AbortController()
  const turn = commands.enter(command, () => bell.abort(OVER))
  try {
    for (;;) {
      // Before the look, so that nothing that happens during it goes unheard.
      bell = new AbortController()
      const admission = await commands.admit(turn, options.record, options.place.runs)
      if (admission.what === 'done') return true
      if (admission.what === 'running' && (await untilItEnds(options.hold, admission.ended))) return true
      if (!(await untilItsTurn(options, admission, bell.signal))) return false
    }
  } finally {
    commands.leave(turn)
  }
}

/** False when another worker took the run over. */
const untilItEnds = async (hold: Hold, ended: Promise<boolean>): Promise<boolean> => {
  // Stays so when it fails: then the claim is still to be closed.
  hold.begun = true
  const endedHere = await ended
  hold.begun = false
  return endedHere
}

/** Until it may begin, or it is worth another look; false when it is let go. */
const untilItsTurn = async (
  options: AnswerOptions,
  admission: Admission,
  bell: AbortSignal,
): Promise<boolean> => {
  const { place, hold } = options
  if (admission.what === 'ready') return await place.run(hold.letGo)
  place.wait()
  await pause(options, admission, AbortSignal.any([bell, hold.letGo]))
  return !hold.letGo.aborted
}

/** Until something happened to the command or to the run that it waits for. */
const pause = async (
  { command, commands, system }: AnswerOptions,
  admission: Admission,
  wake: AbortSignal,
): Promise<void> => {
  const over = new AbortController()
  const signal = AbortSignal.any([wake, over.signal])
  const events = [system.sleep(lookAgainInMs(command, system.now()), signal)]
  const other = admission.what === 'wait' ? admission.for : undefined
  if (other !== undefined && !commands.executes(other))
    events.push(commands.logGoesOn(command.threadId, signal))
  await Promise.race(events)
  over.abort(OVER)
}

const lookAgainInMs = ({ time, ttlMs }: Command, now: number): number => {
  const expiresInMs = ttlMs === undefined ? LOOK_AGAIN_MS : time + ttlMs - now + 1
  return expiresInMs > 0 ? Math.min(LOOK_AGAIN_MS, expiresInMs) : LOOK_AGAIN_MS
}
