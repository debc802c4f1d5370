import type { Connection } from '../connection.ts'
import { openRun } from '../log/reducer.ts'
import { type Places, START } from './places.ts'
import type { RunCall } from './run-call.ts'
import type { StopCallOptions } from './stop-call.ts'
import { isPending, uncommittedCommands } from './thread-commands.ts'

export interface StopTargetOptions {
  connection: Connection
  places: Places
  /** The pools whose commands may be the thread's. */
  pools: string[]
  threadId: string
  /** The thread's run without it. */
  runId?: string
  /** This process's runs of the thread. */
  calls: RunCall[]
}

/**
 * What a stop is for: the run that goes on, else one of this process, else one that waits for its worker or
 * its turn. Undefined when there is none.
 * @throws RunnerError READ_FAILED
 */
export const stopTarget = async (
  options: StopTargetOptions,
): Promise<Pick<StopCallOptions, 'from' | 'runId' | 'commandId'> | undefined> => {
  const { connection, places, pools, threadId, runId, calls } = options
  await Promise.all(calls.map(({ ready }) => ready))
  const from = (await places.latest(threadId)) ?? START
  const isMeant = (run: { runId: string }) => (runId ?? run.runId) === run.runId
  const known = [openRun(from.state), ...calls].find((run) => run !== undefined && isMeant(run))
  if (known !== undefined) return { from, runId: known.runId, commandId: known.commandId }
  const commands = await uncommittedCommands(connection, pools, threadId)
  const command = commands.find((one) => isMeant(one.input) && isPending(from.state, one))
  if (command === undefined) return undefined
  // Its worker may not have made the log yet in which the answer will be.
  await connection.logs.ensure(threadId)
  return { from, runId: command.input.runId, commandId: command.commandId }
}
