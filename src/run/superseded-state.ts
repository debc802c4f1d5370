import type { AnyEvent } from './event.ts'

/**
 * Where the state events are that the run's last STATE_SNAPSHOT makes void. The deltas after it stay one by
 * one: a client skips a patch that fails as a whole, so two patches joined are not the same as two in turn.
 */
export const supersededState = (events: readonly AnyEvent[]): ReadonlySet<number> => {
  const last = events.findLastIndex(replacesState)
  const superseded = new Set<number>()
  for (let at = last - 1; at >= 0; at -= 1) {
    const event = events[at]!
    if (!isStateEvent(event)) continue
    // One that says more than a state is kept, and then so is what it builds on.
    if (!saysStateAlone(event)) break
    superseded.add(at)
  }
  return superseded
}

// An object, since 0.0.59 passes a null, false, 0 or '' over: the state it had before shows on.
const replacesState = ({ type, snapshot }: AnyEvent): boolean =>
  type === 'STATE_SNAPSHOT' && typeof snapshot === 'object' && snapshot !== null

const isStateEvent = ({ type }: AnyEvent): boolean => type === 'STATE_SNAPSHOT' || type === 'STATE_DELTA'

const STATE_FIELDS = new Set(['type', 'snapshot', 'delta', 'timestamp', 'subagentRunId'])

const saysStateAlone = (event: AnyEvent): boolean =>
  Object.entries(event).every(([field, value]) => value === undefined || STATE_FIELDS.has(field))
