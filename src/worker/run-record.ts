import { randomUUID } from 'node:crypto'
import type { BaseEvent } from '@ag-ui/client'
import { LIMITS } from '../config.ts'
import type { NewRecord, RunRecord } from '../log/record.ts'
import type { Run } from '../log/reducer.ts'
import { compactRun } from '../run/compact.ts'
import type { AnyEvent } from '../run/event.ts'

/**
 * A finished run as its run record, in parts that a Kafka record can hold. Only for a run whose terminal
 * event was read back as valid.
 */
export const runRecordsOf = (run: Run, events: BaseEvent[]): RunRecord[] => {
  const compacted = compactRun(events as unknown as AnyEvent[]) as unknown as BaseEvent[]
  const parts = split(compacted)
  const attempt = randomUUID()
  return parts.map((part, index) => ({
    kind: 'run',
    claimId: run.claims.at(-1)?.claimId ?? '',
    attempt,
    part: index,
    parts: parts.length,
    firstSeq: run.firstSeq,
    lastSeq: run.lastSeq,
    events: part,
  }))
}

const split = (events: BaseEvent[]): BaseEvent[][] => {
  const parts: BaseEvent[][] = [[]]
  let bytes = 0
  for (const event of events) {
    const size = Buffer.byteLength(JSON.stringify(event)) + 1
    if (bytes + size > LIMITS.runPartBytesMax && bytes > 0) {
      parts.push([])
      bytes = 0
    }
    parts.at(-1)?.push(event)
    bytes += size
  }
  return parts
}

/** Records in appends of a size that the broker takes. */
export const inAppends = (records: NewRecord[]): NewRecord[][] => {
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
