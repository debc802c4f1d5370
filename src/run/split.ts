import type { AnyEvent } from './event.ts'
import { rawSeqs, type Seqs } from './seqs.ts'
import { firstTime, type Times } from './times.ts'

/** An event as its agent emitted it. */
export interface SplitEvent {
  seq: number
  /** When it was appended, in milliseconds since 1970; older run records do not tell. */
  time: number | undefined
  event: AnyEvent
}

/**
 * The way back from a run record: joined deltas become those that were appended, with their own seqs and times.
 * State events that compaction dropped stay dropped.
 */
export const splitRun = (
  events: readonly AnyEvent[],
  seqs: readonly Seqs[],
  times: readonly Times[] | undefined,
): SplitEvent[] =>
  events
    .flatMap((event, at) => splitEvent(event, seqs[at]!, times?.[at]))
    // A delta that joined an earlier one stood behind what came between the two.
    .sort((one, other) => one.seq - other.seq)

export const splitEvent = (event: AnyEvent, seqs: Seqs, times: Times | undefined): SplitEvent[] => {
  if (typeof seqs === 'number') return [{ seq: seqs, time: times && firstTime(times), event }]
  const delta = String(event.delta)
  const lengths = seqs.flatMap(([, ...chars]) => chars)
  const { timestamp, ...plain } = event
  let from = 0
  let time = times && firstTime(times)
  return rawSeqs(seqs).map((seq, at) => {
    const text = delta.slice(from, from + lengths[at]!)
    from += lengths[at]!
    if (at > 0 && time !== undefined && typeof times === 'object') time += times[at] ?? 0
    // The timestamp is that of the first one; those of the others were not kept.
    const own = at === 0 && timestamp !== undefined ? { ...plain, timestamp } : plain
    return { seq, time, event: { ...own, delta: text } }
  })
}
