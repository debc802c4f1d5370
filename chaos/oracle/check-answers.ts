import type { Evidence, Violation } from './evidence.ts'

/** Promise 1: every command is answered once. Promise 6: only a stop of this very run ends it as stopped. */
export const checkAnswers = ({
  commands,
  threads,
  deadLetters,
  stopRequests,
  recordings,
}: Evidence): Violation[] => {
  const found: Violation[] = []
  for (const { commandId, threadId, runId } of commands) {
    const log = threads.get(threadId)!
    const rejections = log.rejections.filter((rejection) => rejection.commandId === commandId)
    const runs = log.runs.filter((run) => run.commandId === commandId)
    // Two workers that both have a command, in a rebalance, may both reject it: the same answer twice.
    const kinds = new Set(rejections.map(({ code }) => code)).size
    if (kinds + runs.length !== 1) {
      const answers = `${runs.length} runs and ${rejections.length} rejections (${rejections.map(({ code }) => code)})`
      found.push({ promise: '1 answered once', threadId, what: `command of run ${runId} has ${answers}` })
    }
    for (const run of runs) {
      if (run.terminal === undefined) {
        found.push({ promise: '1 one terminal event', threadId, what: `run ${runId} has not ended` })
      }
    }
  }
  if (deadLetters > 0) {
    found.push({ promise: '1 answered once', what: `${deadLetters} commands went to the dead letters` })
  }
  for (const { threadId, runs, rejections } of threads.values()) {
    const waiting = rejections.filter(({ code }) => code === 'RUN_STOPPED')
    const stopped = [...runs.filter(({ terminal }) => terminal?.cause === 'stop'), ...waiting]
    for (const { runId } of stopped) {
      if (!stopRequests.has(JSON.stringify([threadId, runId]))) {
        found.push({
          promise: '6 stop',
          threadId,
          what: `run ${runId} ended by a stop that nobody asked for`,
        })
      }
    }
  }
  for (const { threadId, runId, stopped } of recordings.stops) {
    const log = threads.get(threadId)
    const cause = log?.runs.find((run) => run.runId === runId)?.terminal?.cause
    const waited = log?.rejections.some(
      (rejection) => rejection.runId === runId && rejection.code === 'RUN_STOPPED',
    )
    if (stopped === true && cause !== 'stop' && waited !== true) {
      found.push({
        promise: '6 stop',
        threadId,
        what: `stop of ${runId} said true, but it ended by ${cause}`,
      })
    }
  }
  return found
}

/** Promise 7, and that `seq` counts the thread's visible events: 1, 2, 3, … */
export const checkSequence = ({ threads }: Evidence): Violation[] => {
  const found: Violation[] = []
  for (const { threadId, runs } of threads.values()) {
    let expected = 1
    for (const { runId, events, terminal } of runs) {
      for (const { seq } of events) {
        if (seq !== expected) {
          found.push({
            promise: '2 seq',
            threadId,
            what: `run ${runId} has seq ${seq} where ${expected} comes next`,
          })
        }
        expected = seq + 1
      }
      if (terminal !== undefined && events.at(-1)?.type !== terminal.type) {
        found.push({ promise: '1 one terminal event', threadId, what: `run ${runId} goes on after its end` })
      }
    }
  }
  return found
}
