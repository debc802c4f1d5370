import { RunnerError } from '../errors.ts'
import { type RunHistory, ThreadHistory } from '../log/history.ts'
import type { Run } from '../log/reducer.ts'
import type { ThreadLogs } from '../log/thread-logs.ts'

/**
 * A finished run with its events, from its thread's log.
 * @throws RunnerError READ_FAILED, LOG_DAMAGED
 */
export const readRun = async (
  logs: ThreadLogs,
  threadId: string,
  { commandId }: Run,
): Promise<RunHistory> => {
  const history = new ThreadHistory('all')
  await logs.read(threadId, 0, (records) => {
    for (const { record, key } of records) {
      const verdict = history.apply(record, key)
      // Only one run is wanted, and a thread may have thousands.
      if ('run' in verdict && verdict.run.commandId !== commandId) history.forget(verdict.run)
    }
  })
  const found = history.runs().find(({ run }) => run.commandId === commandId)
  if (found !== undefined) return found
  throw new RunnerError('READ_FAILED', `Thread "${threadId}" was deleted while a run of it was published.`)
}
