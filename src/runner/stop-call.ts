import { sendStop } from '../command/send-stop.ts'
import type { Connection } from '../connection.ts'
import type { Run } from '../log/reducer.ts'
import { after } from '../system.ts'
import { type Place, step } from './places.ts'

export interface StopCallOptions {
  connection: Connection
  threadId: string
  runId: string
  /** Of exactly the run that is to end: an id alone may be used again on the thread. */
  commandId: string
  /** Where to look on from. */
  from: Place
  timeoutMs: number
}

/**
 * Asks for the end of a run and waits until the log shows how it ended: true when by a stop, false when
 * otherwise or when the run never began, undefined when it was not seen within the time.
 * @throws RunnerError BROKER_UNAVAILABLE
 */
export const stopRun = async (options: StopCallOptions): Promise<boolean | undefined> => {
  const { connection, timeoutMs } = options
  const outcome = watch(options)
  const cancel = after(connection.system, timeoutMs, outcome.stop)
  try {
    await sendStop(connection, options)
    return await outcome.result
  } finally {
    cancel()
    outcome.stop()
  }
}

const watch = ({ connection, threadId, commandId, from }: StopCallOptions) => {
  const ended = Promise.withResolvers<boolean | undefined>()
  let place = from
  const following = connection.logs.follow(threadId, from, {
    onRecords: (records) => {
      for (const record of records) {
        const [next, verdict] = step(place, record)
        place = next
        if (verdict?.did === 'reject' && verdict.record.commandId === commandId)
          ended.resolve(verdict.record.code === 'RUN_STOPPED')
        if (verdict?.did === 'delete') ended.resolve(false)
        if (verdict !== undefined && 'run' in verdict && verdict.run.commandId === commandId)
          settle(verdict.run)
      }
    },
    onMissing: () => ended.resolve(false),
    onError: (error) => ended.reject(error),
  })
  const settle = (run: Run) => {
    if (run.terminal !== undefined) ended.resolve(run.terminal.cause === 'stop')
  }
  return {
    result: ended.promise,
    stop: () => {
      following.stop()
      ended.resolve(undefined)
    },
  }
}
