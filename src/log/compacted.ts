import type { BaseEvent } from '@ag-ui/client'
import { LIMITS } from '../config.ts'
import { compactRun } from '../run/compact.ts'
import { type AnyEvent, toBaseEvent } from '../run/event.ts'
import { firstSeqOf, type Seqs } from '../run/seqs.ts'
import { firstTime, type Times, timesOf } from '../run/times.ts'
import type { RunHistory } from './history.ts'
import type { RunRecord } from './record.ts'

/** A run's compacted events, or some of them in a row. */
export type CompactedEvents = Pick<RunRecord, 'events' | 'seqs' | 'times'>

/** A run's events as its run record has them, or will have them. */
export const compactedOf = ({ events, seqs, times, compacted }: RunHistory): CompactedEvents => {
  if (compacted) return { events, seqs, ...(times.length === events.length && { times }) }
  const rawSeqs = seqs.map(firstSeqOf)
  const timeOfSeq = new Map(rawSeqs.map((seq, at) => [seq, firstTime(times[at]!)]))
  const joined = compactRun(events as AnyEvent[], rawSeqs)
  return {
    events: joined.events.map(toBaseEvent),
    seqs: joined.seqs,
    times: timesOf(joined.seqs, (seq) => timeOfSeq.get(seq)!),
  }
}

/** A run's compacted events in parts: those of its run record, and of the facts that tell its end. */
export const compactedParts = (history: RunHistory): CompactedEvents[] => partsOf(compactedOf(history))

/** What a run fact says of an event beside it. */
const EVENT_OVERHEAD_BYTES = 150

/** In parts that a Kafka record can hold, as a run record or as a fact; one at least. */
export const partsOf = ({ events, seqs, times }: CompactedEvents): CompactedEvents[] => {
  const newPart = () => ({
    events: [] as BaseEvent[],
    seqs: [] as Seqs[],
    ...(times && { times: [] as Times[] }),
  })
  const parts = [newPart()]
  let bytes = 0
  for (const [at, event] of events.entries()) {
    const beside = JSON.stringify([seqs[at], times?.[at]]).length + EVENT_OVERHEAD_BYTES
    const size = Buffer.byteLength(JSON.stringify(event)) + beside
    if (bytes + size > LIMITS.runPartBytesMax && bytes > 0) {
      parts.push(newPart())
      bytes = 0
    }
    const part = parts.at(-1)!
    part.events.push(event)
    part.seqs.push(seqs[at]!)
    if (times !== undefined) part.times?.push(times[at]!)
    bytes += size
  }
  return parts
}
