import type { ClaimRecord, NewRecord } from '../log/record.ts'
import { latestClaim } from '../log/reducer.ts'
import type { System } from '../system.ts'
import { compact } from './compaction.ts'
import type { ThreadView } from './thread-view.ts'

/** What a worker bids for; the rest of the claim follows from the log. */
export type Bid = Pick<ClaimRecord, 'claim' | 'commandId' | 'runId' | 'agentId' | 'workerId'>

/**
 * Appends a claim, after what the last run's worker left undone; its id when it turned out valid, as read back.
 * @throws RunnerError APPEND_FAILED, READ_FAILED
 */
export const claimThread = async (
  system: System,
  view: ThreadView,
  bid: Bid,
  alongside: NewRecord[] = [],
): Promise<string | undefined> => {
  // Before anything is awaited: whoever claims after the look that led to this bid makes it void.
  const after = latestClaim(view.state)?.claimId ?? null
  // Nothing that is appended behind a deletion counts: the thread begins anew in another log.
  if (!view.isOpen) await view.open(bid.commandId)
  if (view.isDeleted(bid.commandId)) return undefined
  const { latest } = view.state
  if (bid.claim === 'new' && latest !== undefined) await compact(view, latest)
  const claimId = system.newId()
  await view.append([...alongside, { kind: 'claim', claimId, after, ...bid, time: system.now() }])
  return view.holds(claimId) ? claimId : undefined
}
