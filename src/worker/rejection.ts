import type { Command } from '../command/command.ts'
import type { RunnerError } from '../errors.ts'
import type { System } from '../system.ts'
import type { ThreadView } from './thread-view.ts'

/**
 * Tells who waits for a command that no claim will come; void where one has come meanwhile.
 * @throws RunnerError APPEND_FAILED, READ_FAILED
 */
export const rejectCommand = (
  system: System,
  view: ThreadView,
  { commandId, input }: Command,
  { code, message }: RunnerError,
): Promise<void> => {
  const rejectionId = system.newId()
  return view.append([{ kind: 'rejected', rejectionId, commandId, runId: input.runId, code, message }])
}
