import type { BaseEvent } from '@ag-ui/client'
import type { Shown, Witness } from './witness.ts'

/** A run as the reader saw it that nothing holds up. */
export interface ShownRun {
  runId: string
  threadId: string
  events: BaseEvent[]
  endedAt?: number
}

/** The execution and the place in it that an event bears; undefined for an event that a worker made. */
export const markOf = (event: BaseEvent): { execution: string; index: number } | undefined => {
  const { rawEvent, delta } = event as { rawEvent?: unknown; delta?: unknown }
  const mark = typeof rawEvent === 'string' ? rawEvent : typeof delta === 'string' ? delta.trim() : undefined
  if (mark === undefined) return undefined
  const [execution = '', index] = mark.split('.')
  return { execution, index: Number(index) }
}

export const isEnd = ({ type }: { type: string }): boolean => type === 'RUN_FINISHED' || type === 'RUN_ERROR'

/** A thread's events as runs; what does not fit into any is a violation. */
export const shownRuns = (
  threadId: string,
  shown: readonly Shown[],
  witness: Witness,
  violations: string[],
): ShownRun[] => {
  const runs: ShownRun[] = []
  let open: ShownRun | undefined
  for (const { event, at } of shown) {
    if ((event.type as string) === 'RUN_STARTED') {
      const { runId } = event as unknown as { runId: string }
      if (open !== undefined) violations.push(`7: ${runId} starts on ${threadId} while ${open.runId} goes on`)
      if (runs.some((run) => run.runId === runId)) violations.push(`5: ${runId} is shown twice`)
      open = { runId, threadId, events: [] }
      runs.push(open)
    }
    if (open === undefined) {
      violations.push(`1: ${JSON.stringify(event)} is shown on ${threadId} outside of any run`)
      continue
    }
    open.events.push(event)
    if (!isEnd(event)) continue
    open.endedAt = at
    open = undefined
  }
  if (open !== undefined) violations.push(`1: ${open.runId} never ends`)
  for (const run of runs) checkMarks(run, witness, violations)
  return runs
}

/** Whose events a run shows: one execution's after the other's, each whole up to where it is cut off. */
const checkMarks = ({ runId, events }: ShownRun, { executions }: Witness, violations: string[]): void => {
  const next = new Map<string, number>()
  let current: string | undefined
  /** Another one may only follow at once while no more than the run's start was to be seen. */
  const isCutShort = (by: string) => current !== undefined && current !== by && (next.get(current) ?? 0) > 1
  for (const event of events) {
    const mark = markOf(event)
    if (mark === undefined) {
      // What a worker adds closes what the agent did: nothing of that execution comes any more.
      if (current !== undefined) next.set(current, Number.NaN)
      current = undefined
      continue
    }
    const { execution, index } = mark
    // The start of a run that is executed again is the first one's.
    const first = next.size > 0 ? 1 : 0
    const expected = next.get(execution) ?? first
    if (executions.find(({ mark: known }) => known === execution)?.runId !== runId)
      violations.push(`4: ${runId} shows an event of ${execution}, which is another run's`)
    else if (index !== expected || isCutShort(execution))
      violations.push(
        `4: ${runId} shows ${execution}.${index} where ${current ?? execution}.${expected} was to come`,
      )
    if (current !== undefined && current !== execution) next.set(current, Number.NaN)
    next.set(execution, index + 1)
    current = execution
  }
}
