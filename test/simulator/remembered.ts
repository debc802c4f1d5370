import { markOf } from './shown-runs.ts'
import type { Execution, Shown, Witness } from './witness.ts'

/**
 * Promise 12. An agent sets its memory to `mark.index` before it emits event `index`, for each even one. So what an
 * execution finds was set by the one before it of its agent, no earlier than that one's last visible event says; or
 * by one in between that was cut off before it showed anything.
 */
export const checkRemembered = (
  threadId: string,
  shown: readonly Shown[],
  { executions }: Witness,
  violations: string[],
): void => {
  const lastVisible = new Map<string, number>()
  for (const { event } of shown) {
    const mark = markOf(event)
    if (mark !== undefined) lastVisible.set(mark.execution, mark.index)
  }
  const onThread = executions.filter((execution) => execution.threadId === threadId)
  const before = new Map<string, Execution>()
  for (const mark of lastVisible.keys()) {
    const execution = onThread.find((each) => each.mark === mark)
    if (execution === undefined) continue
    const { agentId, remembered } = execution
    const previous = before.get(agentId)
    before.set(agentId, execution)
    if (isExplained(remembered, previous, onThread, lastVisible)) continue
    const since = previous === undefined ? 'nothing' : `${previous.mark}.${lastVisible.get(previous.mark)}`
    violations.push(`12: ${mark} on ${threadId} remembers ${remembered ?? 'nothing'} after ${since}`)
  }
}

const isExplained = (
  remembered: string | undefined,
  previous: Execution | undefined,
  onThread: readonly Execution[],
  lastVisible: ReadonlyMap<string, number>,
): boolean => {
  if (remembered === undefined) return previous === undefined
  const [by = '', index] = remembered.split('.')
  if (by === previous?.mark) return Number(index) >= lastSetBefore(lastVisible.get(by) ?? 0)
  const writer = onThread.find(({ mark }) => mark === by)
  const isUnseen = writer !== undefined && !lastVisible.has(by)
  return isUnseen && writer.at >= (previous?.at ?? 0)
}

/** The last even one up to there. */
const lastSetBefore = (index: number): number => index - (index % 2)
