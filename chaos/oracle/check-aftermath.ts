import { isEnd } from '../../src/fan-in/run-fact.ts'
import type { Evidence, Violation } from './evidence.ts'

/** What follows a run's end, once all commands are committed: its run record, and its end in the fan-in topic. */
export const checkAftermath = ({ threads, lifecycle }: Evidence): Violation[] => {
  const found: Violation[] = []
  for (const { threadId, runs } of threads.values()) {
    for (const { runId, commandId, terminal, recorded, events } of runs) {
      if (terminal === undefined) continue
      if (recorded === undefined) {
        found.push({ promise: 'compaction', threadId, what: `run ${runId} ended and has no run record` })
      }
      const told = lifecycle.filter((record) => record.commandId === commandId && isEnd(record))
      if (told.length === 0) {
        found.push({
          promise: 'fan-in',
          threadId,
          what: `the runs topic does not tell the end of run ${runId}`,
        })
      }
      const lastSeq = events.at(-1)?.seq
      const wrong = told.find((record) => record.cause !== terminal.cause || record.lastSeq !== lastSeq)
      if (wrong !== undefined) {
        const what = `the runs topic tells ${wrong.cause} at ${wrong.lastSeq} of run ${runId}, the log ${terminal.cause} at ${lastSeq}`
        found.push({ promise: 'fan-in', threadId, what })
      }
    }
  }
  return found
}
