import type { BaseEvent } from '@ag-ui/client'
import type { Seqs } from '../run/seqs.ts'
import type { Times } from '../run/times.ts'

/** Why a run ended, kept beside its terminal event: `stop` is what a caller of stop() waits to see. */
export const END_CAUSES = [
  'agent',
  'stop',
  'superseded',
  'failure',
  'timeout',
  'worker-lost',
  'worker-shutdown',
] as const

export type EndCause = (typeof END_CAUSES)[number]

/** A worker's bid for a run. Valid or void by its place in the log alone: see reducer.ts. */
export interface ClaimRecord {
  kind: 'claim'
  claimId: string
  /** The last valid claim that the claimant saw; null where it saw none. */
  after: string | null
  claim: 'new' | 'takeover'
  commandId: string
  runId: string
  agentId: string
  workerId: string
  /** Of the worker's process: one that starts again has the same name, and none of the runs. */
  instanceId: string
  /** Milliseconds since 1970, by the claimant's clock; for people, never for a decision. */
  time: number
}

/** One AG-UI event of a run. */
export interface EventRecord {
  kind: 'event'
  claimId: string
  /** The thread's own running number: 1, 2, 3, … over all its runs. */
  seq: number
  event: BaseEvent
  /** Milliseconds since 1970, by the worker's clock. */
  time: number
  /** With a terminal event only. */
  cause?: EndCause
  /** The event as JSON, where its writer has it already. */
  json?: string
}

/** A part of a finished run's compacted events. All parts of one attempt make the record. */
export interface RunRecord {
  kind: 'run'
  /** The claim whose terminal event ended the run. */
  claimId: string
  /** Unique to the writer's attempt: two writers' parts never mix. */
  attempt: string
  part: number
  parts: number
  firstSeq: number
  lastSeq: number
  events: BaseEvent[]
  /** For each event, which raw events it stands for. */
  seqs: Seqs[]
  /** For each event, when it was appended. Older records say nothing of it. */
  times?: Times[]
}

/** Tells a waiting caller that no claim will come for its command. Stays for good: a later claim is void by it. */
export interface RejectedRecord {
  kind: 'rejected'
  /** Unique to the rejection: two of one command must not share a key. */
  rejectionId: string
  commandId: string
  runId: string
  code: string
  message: string
}

/** The end of the thread. Valid or void by its place in the log alone, as a claim is. */
export interface DeletedRecord {
  kind: 'deleted'
  deletionId: string
  /** The last valid claim that the deleter saw; null where it saw none. */
  after: string | null
  /** Milliseconds since 1970, by the deleter's clock; for people, never for a decision. */
  time: number
}

/**
 * What an agent remembers of the thread, whole: the newest one counts. It counts while its claim is the latest valid
 * one and the run has no terminal event, as an event does.
 */
export interface StateRecord {
  kind: 'state'
  claimId: string
  /** Of the agent's memory of this thread: 1, 2, 3, … A repeated record changes nothing by it. */
  version: number
  value: Readonly<Record<string, unknown>>
  /** Milliseconds since 1970, by the worker's clock; for people, never for a decision. */
  time: number
}

/** Marks the record with its key for Kafka's cleaner. */
export interface TombstoneRecord {
  kind: 'tombstone'
  key: string
}

/** What is not ours: skipped and counted, so that one poisoned record does not end a thread. */
export interface ForeignRecord {
  kind: 'foreign'
  reason: string
}

/** What a writer may append. */
export type NewRecord =
  | ClaimRecord
  | EventRecord
  | RunRecord
  | RejectedRecord
  | DeletedRecord
  | StateRecord
  | TombstoneRecord

/** What a reader finds. */
export type LogRecord = NewRecord | ForeignRecord

export const isTerminal = (event: { type: string }): boolean =>
  event.type === 'RUN_FINISHED' || event.type === 'RUN_ERROR'

/** Whether something is done on the strength of it that cannot be taken back. */
export const decides = (record: NewRecord): boolean =>
  record.kind === 'claim' ||
  record.kind === 'deleted' ||
  (record.kind === 'event' && isTerminal(record.event))

/**
 * A record's key, unique to the append attempt. A repeated append must not share the key of the first: the
 * cleaner keeps the last of equal keys, and would move a claim or terminal event behind what it decided.
 */
export const keyOf = (record: NewRecord, appendAttempt = 0): string => {
  const suffix = appendAttempt === 0 ? '' : `.${appendAttempt}`
  switch (record.kind) {
    case 'claim':
      return `claim.${record.claimId}${suffix}`
    case 'event':
      return `event.${record.claimId}.${record.seq}${suffix}`
    case 'run':
      return `run.${record.claimId}.${record.attempt}.${record.part}${suffix}`
    case 'rejected':
      return `rejected.${record.rejectionId}${suffix}`
    case 'deleted':
      return `deleted.${record.deletionId}${suffix}`
    case 'state':
      return `state.${record.claimId}.${record.version}${suffix}`
    case 'tombstone':
      return record.key
  }
}
