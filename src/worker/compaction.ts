import { LIMITS } from '../config.ts'
import { type CompactedEvents, compactedParts } from '../log/compacted.ts'
import type { RunHistory } from '../log/history.ts'
import type { NewRecord, RunRecord } from '../log/record.ts'
import type { Run } from '../log/reducer.ts'
import type { System } from '../system.ts'
import type { ThreadView } from './thread-view.ts'

/**
 * Appends the run record of the latest run and then tombstones for its raw events. Idempotent: a crash in the
 * middle has the next claimant do it again. `parts`: the run's compacted events, where they are at hand.
 * @throws RunnerError APPEND_FAILED, READ_FAILED
 */
export const compact = async (
  system: Pick<System, 'newId'>,
  view: ThreadView,
  ended: Run,
  parts?: CompactedEvents[],
): Promise<void> => {
  const { latest } = view.state
  if (
    latest?.terminal === undefined ||
    latest.claims[0] !== ended.claims[0] ||
    latest.recordedBy !== undefined
  )
    return
  const records = runRecordsOf(view.history.historyOf(latest), system.newId(), parts)
  const replaced = [...view.history.rawKeysOf(latest), ...view.history.staleStateKeys()]
  const tombstones: NewRecord[] = replaced.map((key) => ({ kind: 'tombstone', key }))
  for (const append of inAppends([...records, ...tombstones])) await view.append(append)
  view.history.forget(latest)
}

/**
 * A finished run as its run record, in parts that a Kafka record can hold. Only for a run whose terminal
 * event was read back as valid, and that has no run record. `attempt` is unique to this one.
 */
export const runRecordsOf = (
  history: RunHistory,
  attempt: string,
  parts: CompactedEvents[] = compactedParts(history),
): RunRecord[] => {
  const { run } = history
  return parts.map((part, index) => ({
    kind: 'run',
    claimId: run.claims.at(-1)?.claimId ?? '',
    attempt,
    part: index,
    parts: parts.length,
    firstSeq: run.firstSeq,
    lastSeq: run.lastSeq,
    ...part,
  }))
}

/** Records in appends of a size that the broker takes. */
const inAppends = (records: NewRecord[]): NewRecord[][] => {
  const appends: NewRecord[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const record of records) {
    const size = record.kind === 'run' ? LIMITS.runPartBytesMax : 200
    if (bytes + size > LIMITS.runPartBytesMax) {
      appends.push([])
      bytes = 0
    }
    appends.at(-1)?.push(record)
    bytes += size
  }
  return appends
}
