import type { Command } from '../command/command.ts'
import type { WorkerConfig } from '../config.ts'
import { RunnerError } from '../errors.ts'
import type { System } from '../system.ts'
import type { RejectionCode } from './decide.ts'
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

/** What a rejected command's caller is told. */
export const rejectionOf = (
  code: RejectionCode,
  { input, ttlMs = 0 }: Command,
  config: WorkerConfig,
): RunnerError => {
  const run = `Run "${input.runId}"`
  switch (code) {
    case 'THREAD_BUSY':
      return new RunnerError(code, 'Thread already running')
    case 'QUEUE_FULL':
      return new RunnerError(
        code,
        `${run} cannot wait: ${config.queuedRunsMax} runs of its thread do already (queuedRunsMax). Let some begin.`,
      )
    case 'COMMAND_EXPIRED':
      return new RunnerError(
        code,
        `${run} could not begin within ${ttlMs / 1000} s (commandTtlMs): no worker was free for it, or its thread was busy. Run it again.`,
      )
    case 'RUN_STOPPED':
      return new RunnerError(code, `${run} was stopped, or superseded by a later one, before it began.`)
  }
}
