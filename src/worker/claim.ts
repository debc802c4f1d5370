import type { ClaimRecord } from '../log/record.ts'
import { latestClaim } from '../log/reducer.ts'
import type { System } from '../system.ts'
import { compact } from './compaction.ts'
import type { ThreadView } from './thread-view.ts'

/** What a worker bids for; the rest of the claim follows from the log. */
export type Bid = Pick<ClaimRecord, 'claim' | 'commandId' | 'runId' | 'agentId' | 'workerId' | 'instanceId'>

/**
 * Appends a claim, after what the last run's worker left undone; its id when it turned out valid, as read back.
 * @throws RunnerError APPEND_FAILED, READ_FAILED
 */
export const claimThread = async (
  system: System,
  view: ThreadView,
  bid: Bid,
): Promise<string | undefined> => {
  // Before anything is awaited: whoever claims after the look that led to this bid makes it void.
  const after = latestClaim(view.state)?.claimId ?? null
  // Nothing that is appended behind a deletion counts: the thread begins anew in another log.
  if (!view.isOpen) await view.open(bid.commandId)
  if (view.isDeleted(bid.commandId)) return undefined
  const { latest } = view.state
  if (bid.claim === 'new' && latest !== undefined) await compact(system, view, latest)
  const claimId = system.newId()
  let askedAt = system.elapsed()
  await view.append([{ kind: 'claim', claimId, after, ...bid, time: system.now() }])
  // Whoever was frozen on the way may have been replaced since: what it read back is old.
  for (let look = 0; look < LOOKS_MAX && system.elapsed() - askedAt > LOOK_MS_MAX; look += 1) {
    askedAt = system.elapsed()
    await view.refresh()
  }
  return view.holds(claimId) ? claimId : undefined
}

/** A read-back that took longer is made again: less than anybody waits for a worker's beat. */
const LOOK_MS_MAX = 1_000
const LOOKS_MAX = 5
