import type { JournalLine } from '../journal.ts'
import type { Evidence, Violation } from './evidence.ts'
import type { LogRun } from './thread-log.ts'

/** What an agent really did, from its journal. */
interface Execution {
  threadId: string
  runId: string
  workerId: string
  from: number
  /** Undefined where its process was killed. */
  to?: number
  deltas?: number
}

const executionsOf = (journal: readonly JournalLine[]): Execution[] => {
  const executions = new Map<string, Execution>()
  for (const { what, execution, threadId, runId, workerId, time, deltas } of journal) {
    if (what === 'start') executions.set(execution, { threadId, runId, workerId, from: time })
    else Object.assign(executions.get(execution)!, { to: time, deltas })
  }
  return [...executions.values()]
}

/** Promises 5 and 7, by what the agents themselves told beside the log. */
export const checkExecutions = (evidence: Evidence): Violation[] => {
  const executions = executionsOf(evidence.journal)
  return [
    ...checkOnce(evidence, executions),
    ...checkOverlap(evidence, executions),
    ...checkDeltas(evidence, executions),
  ]
}

const checkOnce = ({ runs }: Evidence, executions: Execution[]): Violation[] => {
  const found: Violation[] = []
  const promise = '5 executed once'
  for (const [runId, { threadId, what }] of grouped(executions)) {
    const run = runs.get(runId)?.run
    if (what.length > 1)
      found.push({ promise, threadId, what: `run ${runId} was executed ${what.length} times` })
    const [{ workerId, from } = { workerId: '', from: 0 }] = what
    if (run === undefined) {
      found.push({
        promise,
        threadId,
        what: `run ${runId} was executed by ${workerId} without a valid claim`,
      })
      continue
    }
    if (run.claims[0]?.workerId !== workerId) {
      const claimant = run.claims[0]?.workerId
      found.push({
        promise,
        threadId,
        what: `run ${runId} was executed by ${workerId}, but claimed by ${claimant}`,
      })
    }
    const endedAt = run.terminal?.time ?? Number.POSITIVE_INFINITY
    // A worker that froze between its claim and its agent's start cannot know that it was replaced meanwhile.
    const wasReplaced = run.claims.length > 1
    if (from > endedAt && !wasReplaced) {
      found.push({ promise, threadId, what: `run ${runId} was executed ${from - endedAt} ms after its end` })
    }
  }
  return found
}

const grouped = (executions: Execution[]) => {
  const groups = new Map<string, { threadId: string; what: Execution[] }>()
  for (const execution of executions) {
    const { threadId, runId } = execution
    const group = groups.get(runId) ?? { threadId, what: [] }
    group.what.push(execution)
    groups.set(runId, group)
  }
  return groups
}

/** An agent of a worker that was replaced, or that is deaf to its stop, may go on; its run has ended before. */
const mayOutliveItsRun = (run: LogRun | undefined): boolean =>
  run !== undefined && (run.claims.length > 1 || run.terminal?.cause === 'stop')

const checkOverlap = ({ runs }: Evidence, executions: Execution[]): Violation[] => {
  const found: Violation[] = []
  const byThread = Map.groupBy(executions, ({ threadId }) => threadId)
  for (const [threadId, own] of byThread) {
    own.sort((a, b) => a.from - b.from)
    for (const [index, next] of own.entries()) {
      for (const before of own.slice(0, index)) {
        const overlaps = before.to === undefined || before.to > next.from
        if (overlaps && !mayOutliveItsRun(runs.get(before.runId)?.run)) {
          found.push({
            promise: '7 no overlap',
            threadId,
            what: `${next.runId} began while ${before.runId} went on`,
          })
        }
      }
    }
  }
  return found
}

/** What an agent gave away before it ended in order is all in the log. */
const checkDeltas = ({ runs }: Evidence, executions: Execution[]): Violation[] => {
  const found: Violation[] = []
  for (const { threadId, runId, deltas } of executions) {
    const run = runs.get(runId)?.run
    if (run?.terminal === undefined) continue
    const told = run.events.filter(({ type }) => type === 'TEXT_MESSAGE_CONTENT')
    const numbers = told.map(({ text }) => Number((JSON.parse(text) as { delta: string }).delta))
    if (numbers.some((number, index) => number !== index)) {
      found.push({ promise: '2 order', threadId, what: `run ${runId} shows the deltas ${numbers}` })
    }
    // AG-UI's client lets what an agent throws overtake the events before it, so a failed run may show fewer.
    if (run.terminal.cause === 'agent' && deltas !== undefined && deltas !== numbers.length) {
      found.push({
        promise: '3 nothing lost',
        threadId,
        what: `run ${runId} gave ${deltas} deltas, ${numbers.length} are shown`,
      })
    }
  }
  return found
}
