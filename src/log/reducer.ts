import {
  type ClaimRecord,
  type DeletedRecord,
  type EndCause,
  type EventRecord,
  isTerminal,
  type LogRecord,
  type RejectedRecord,
  type RunRecord,
  type StateRecord,
} from './record.ts'

/** What is kept of a valid claim. A process keeps thousands of them. */
export type Claim = Pick<ClaimRecord, 'claimId' | 'workerId' | 'instanceId' | 'time'>

/** A run of the thread, as its log tells. */
export interface Run {
  readonly runId: string
  readonly commandId: string
  readonly agentId: string
  /** The valid claims: one `new`, then its take-overs. The last one's worker writes. */
  readonly claims: readonly Claim[]
  readonly firstSeq: number
  /** The last visible event's; `firstSeq - 1` before the first. */
  readonly lastSeq: number
  /** Visible events seen, either raw or as a run record. */
  readonly seen: number
  readonly terminal?: { readonly type: string; readonly cause: EndCause }
  /** The attempt of the run record that stands for the raw events. */
  readonly recordedBy?: string
  /** Parts seen of run records that are not complete yet, by attempt. */
  readonly parts: Readonly<Record<string, readonly number[]>>
}

/** What an agent remembers of the thread. */
export interface Memory {
  /** Where it was written. */
  readonly claimId: string
  readonly version: number
  readonly value: StateRecord['value']
}

/** What a thread's log means up to some record. Small: it holds no event. */
export interface ThreadState {
  /** The runs before the latest, oldest first. All of them are finished. */
  readonly past: readonly Run[]
  readonly latest?: Run
  /** The commands that were answered by a rejection. */
  readonly rejected: readonly string[]
  /** What each agent remembers, by its id. */
  readonly memories?: Readonly<Record<string, Memory>>
  /** Whether the thread has ended for good: nothing counts any more, and nothing is left of what did. */
  readonly deleted?: boolean
}

/** What a record did, for the readers that keep events. */
export type Verdict =
  | { did: 'claim'; run: Run }
  | { did: 'takeover'; run: Run }
  | { did: 'show'; run: Run; record: EventRecord }
  | { did: 'part'; run: Run; record: RunRecord }
  | { did: 'record'; run: Run; record: RunRecord }
  | { did: 'remember'; run: Run; record: StateRecord }
  | { did: 'reject'; record: RejectedRecord }
  | { did: 'delete'; record: DeletedRecord }
  | { did: 'nothing'; why: Reason }

/** Why a record counts for nothing. */
export type Reason =
  | 'void claim'
  | 'void deletion'
  | 'void rejection'
  | 'deleted'
  | 'fenced'
  | 'repeated'
  | 'tombstone'
  | 'foreign'
  | 'unfinished'

export type Step = readonly [state: ThreadState, verdict: Verdict]

export const EMPTY_THREAD: ThreadState = { past: [], rejected: [] }

/** The claim that holds the thread now, or held it last. */
export const latestClaim = (state: ThreadState): Claim | undefined => state.latest?.claims.at(-1)

/** The run that goes on, if one does. */
export const openRun = (state: ThreadState): Run | undefined =>
  state.latest !== undefined && state.latest.terminal === undefined ? state.latest : undefined

/** The run of a command, looked for from the latest back. */
export const runOf = (state: ThreadState, commandId: string): Run | undefined =>
  state.latest?.commandId === commandId
    ? state.latest
    : state.past.findLast((run) => run.commandId === commandId)

/** Whether the command was answered by a rejection. */
export const isRejected = (state: ThreadState, commandId: string): boolean =>
  state.rejected.includes(commandId)

/** What an agent remembers of the thread; undefined where it never did. */
export const memoryOf = ({ memories }: ThreadState, agentId: string): Memory | undefined =>
  memories !== undefined && Object.hasOwn(memories, agentId) ? memories[agentId] : undefined

export const lastSeq = (state: ThreadState): number => state.latest?.lastSeq ?? 0

/** Events that should be there by now and are not: with the whole log read, a damaged log. */
export const missing = (run: Run): number => run.lastSeq - run.firstSeq + 1 - run.seen

/**
 * The rules of the thread log: docs/protocol.md, "Reading a thread log". Pure, and the only place that
 * knows them. What it gives does not depend on how far Kafka's cleaner has come, because no rule here reads
 * anything that a tombstone may ever remove: claims and terminal events stay for good.
 */
export const applyRecord = (state: ThreadState, record: LogRecord): Step => {
  if (state.deleted) return nothing(state, 'deleted')
  switch (record.kind) {
    case 'claim':
      return applyClaim(state, record)
    case 'event':
      return applyEvent(state, record)
    case 'run':
      return applyRunRecord(state, record)
    case 'rejected':
      return applyRejection(state, record)
    case 'deleted':
      return applyDeleted(state, record)
    case 'state':
      return applyState(state, record)
    case 'tombstone':
      return nothing(state, 'tombstone')
    case 'foreign':
      return nothing(state, 'foreign')
  }
}

const nothing = (state: ThreadState, why: Reason): Step => [state, { did: 'nothing', why }]

/** Of two answers to a command the first in the log counts: who rejects it may have looked before it was claimed. */
const applyRejection = (state: ThreadState, record: RejectedRecord): Step => {
  const { commandId } = record
  if (isRejected(state, commandId) || runOf(state, commandId) !== undefined)
    return nothing(state, 'void rejection')
  return [
    { ...state, rejected: [...state.rejected, commandId] },
    { did: 'reject', record },
  ]
}

/** Compare-and-set by log order: the claim counts if `after` names the latest valid one at this very place. */
const applyClaim = (state: ThreadState, claim: ClaimRecord): Step => {
  const { latest } = state
  if (claim.after !== (latestClaim(state)?.claimId ?? null)) return nothing(state, 'void claim')
  if (claim.claim === 'takeover') {
    if (latest === undefined || latest.terminal !== undefined) return nothing(state, 'void claim')
    if (claim.runId !== latest.runId || claim.commandId !== latest.commandId)
      return nothing(state, 'void claim')
    const run = { ...latest, claims: [...latest.claims, keep(claim, latest)] }
    return [
      { ...state, latest: run },
      { did: 'takeover', run },
    ]
  }
  if (latest !== undefined && latest.terminal === undefined) return nothing(state, 'void claim')
  if (isRejected(state, claim.commandId)) return nothing(state, 'void claim')
  const run: Run = {
    runId: claim.runId,
    commandId: claim.commandId,
    agentId: same(claim.agentId, latest?.agentId),
    claims: [keep(claim, latest)],
    firstSeq: lastSeq(state) + 1,
    lastSeq: lastSeq(state),
    seen: 0,
    parts: NO_PARTS,
  }
  const past = latest === undefined ? state.past : [...state.past, latest]
  return [
    { ...state, past, latest: run },
    { did: 'claim', run },
  ]
}

const NO_PARTS = {}

const keep = ({ claimId, workerId, instanceId, time }: ClaimRecord, before: Run | undefined): Claim => {
  const last = before?.claims.at(-1)
  return {
    claimId,
    workerId: same(workerId, last?.workerId),
    instanceId: same(instanceId, last?.instanceId),
    time,
  }
}

/** The text that is in memory already, where it is the same. */
const same = (text: string, known: string | undefined): string => (text === known ? known : text)

const applyEvent = (state: ThreadState, record: EventRecord): Step => {
  const run = openRun(state)
  if (run === undefined || record.claimId !== run.claims.at(-1)?.claimId) return nothing(state, 'fenced')
  const terminal = isTerminal(record.event)
  // A terminal event counts whatever its seq: it stays in the log when the events before it are cleaned away.
  if (!terminal && record.seq <= run.lastSeq) return nothing(state, 'repeated')
  const seen: Run = { ...run, lastSeq: Math.max(run.lastSeq, record.seq), seen: run.seen + 1 }
  const next: Run = terminal
    ? { ...seen, terminal: { type: record.event.type, cause: record.cause ?? 'agent' } }
    : seen
  return [
    { ...state, latest: next },
    { did: 'show', run: next, record },
  ]
}

/** The agent's is the run's: nobody writes for another one. */
const applyState = (state: ThreadState, record: StateRecord): Step => {
  const run = openRun(state)
  const { claimId, version, value } = record
  if (run === undefined || claimId !== run.claims.at(-1)?.claimId) return nothing(state, 'fenced')
  if (version <= (memoryOf(state, run.agentId)?.version ?? 0)) return nothing(state, 'repeated')
  const memories = { ...state.memories, [run.agentId]: { claimId, version, value } }
  return [
    { ...state, memories },
    { did: 'remember', run, record },
  ]
}

const applyRunRecord = (state: ThreadState, record: RunRecord): Step => {
  const isIts = (run: Run) => run.claims.at(-1)?.claimId === record.claimId
  const inPast = state.latest !== undefined && isIts(state.latest) ? -1 : state.past.findLastIndex(isIts)
  const run = inPast === -1 ? state.latest : state.past[inPast]
  // A writer appends it only after it has read the terminal event back, so an unfinished run has none.
  if (run === undefined || !isIts(run) || run.terminal === undefined) return nothing(state, 'unfinished')
  if (run.recordedBy !== undefined) return nothing(state, 'repeated')
  const seenParts = run.parts[record.attempt] ?? []
  if (seenParts.includes(record.part)) return nothing(state, 'repeated')
  const parts = [...seenParts, record.part]
  const complete = parts.length === record.parts
  const next: Run = complete
    ? { ...run, recordedBy: record.attempt, seen: run.lastSeq - run.firstSeq + 1, parts: NO_PARTS }
    : { ...run, parts: { ...run.parts, [record.attempt]: parts } }
  const verdict: Verdict = { did: complete ? 'record' : 'part', run: next, record }
  if (inPast === -1) return [{ ...state, latest: next }, verdict]
  return [{ ...state, past: state.past.with(inPast, next) }, verdict]
}

/**
 * Compare-and-set as with claims: whoever claimed after the deleter had looked keeps the thread. What was
 * before is dropped from the state, since tombstones that come later may have the cleaner remove parts of it.
 */
const applyDeleted = (state: ThreadState, record: DeletedRecord): Step => {
  if (record.after !== (latestClaim(state)?.claimId ?? null) || openRun(state) !== undefined)
    return nothing(state, 'void deletion')
  return [
    { ...EMPTY_THREAD, deleted: true },
    { did: 'delete', record },
  ]
}
