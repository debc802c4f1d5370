import { z } from 'zod'
import { messageOf } from '../errors.ts'
import {
  END_CAUSES,
  type EndCause,
  type EventRecord,
  type ForeignRecord,
  keyOf,
  type LogRecord,
  type NewRecord,
} from './record.ts'

/** A record as Kafka carries it. A null value is a tombstone. */
export interface WireRecord {
  key: string
  value: Buffer | null
  headers: Record<string, string>
}

const count = z.coerce.number().int().nonnegative()
const event = z.looseObject({ type: z.string() })
const causes = new Set<string>(END_CAUSES)
const span = z.tuple([z.number()], z.number())
const times = z.union([z.number(), span])

/** Headers and value of each kind, as schemas/thread-log.json describes them. */
const HEADERS = {
  run: z.object({
    claim: z.string(),
    attempt: z.string(),
    part: count,
    parts: count,
    first: count,
    last: count,
  }),
  state: z.object({ claim: z.string(), version: count, time: count }),
}
const VALUES = {
  claim: z.object({
    claimId: z.string(),
    after: z.string().nullable(),
    claim: z.enum(['new', 'takeover']),
    commandId: z.string(),
    runId: z.string(),
    agentId: z.string(),
    workerId: z.string(),
    instanceId: z.string(),
    time: z.number(),
  }),
  rejected: z.object({
    rejectionId: z.string(),
    commandId: z.string(),
    runId: z.string(),
    code: z.string(),
    message: z.string(),
  }),
  state: z.record(z.string(), z.unknown()),
  deleted: z.object({ deletionId: z.string(), after: z.string().nullable(), time: z.number() }),
  run: z
    .object({
      events: z.array(event),
      seqs: z.array(z.union([z.number(), z.array(span)])),
      times: z.array(times).optional(),
    })
    .refine(({ events, seqs }) => events.length === seqs.length, 'seqs: there must be one for each event')
    .refine(
      ({ events, times }) => times === undefined || events.length === times.length,
      'times: there must be one for each event',
    ),
}

/** What Kafka is to carry for a record; `appendAttempt` counts the appends of this very record, from 0. */
export const encodeRecord = (record: NewRecord, appendAttempt = 0): WireRecord => {
  const key = keyOf(record, appendAttempt)
  switch (record.kind) {
    case 'tombstone':
      return { key, value: null, headers: {} }
    case 'event': {
      const { claimId, seq, time } = record
      const headers: Record<string, string> = {
        kind: 'event',
        claim: claimId,
        seq: String(seq),
        type: record.event.type,
        time: String(time),
      }
      if (record.cause !== undefined) headers.cause = record.cause
      return {
        key,
        value: record.json === undefined ? json(record.event) : Buffer.from(record.json),
        headers,
      }
    }
    case 'run': {
      const { claimId, attempt, part, parts, firstSeq, lastSeq, events, seqs, times } = record
      const headers = {
        kind: 'run',
        claim: claimId,
        attempt,
        part: String(part),
        parts: String(parts),
        first: String(firstSeq),
        last: String(lastSeq),
      }
      return { key, value: json({ events, seqs, times }), headers }
    }
    case 'state': {
      const { claimId, version, time, value } = record
      const headers = { kind: 'state', claim: claimId, version: String(version), time: String(time) }
      return { key, value: json(value), headers }
    }
    case 'claim':
    case 'rejected':
    case 'deleted': {
      const { kind, ...value } = record
      return { key, value: json(value), headers: { kind } }
    }
  }
}

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))

/** Never throws: what cannot be read is `foreign`, with the reason. */
export const decodeRecord = (wire: {
  key: string
  value: Buffer | null
  headers: Record<string, string>
}): LogRecord => {
  if (wire.value === null) return { kind: 'tombstone', key: wire.key }
  try {
    return decodeValue(wire.headers, JSON.parse(wire.value.toString('utf8')))
  } catch (error) {
    return foreign(messageOf(error))
  }
}

const decodeValue = (headers: Record<string, string>, value: unknown): LogRecord => {
  switch (headers.kind) {
    case 'event':
      return eventOf(headers, value)
    case 'run': {
      const { claim, first, last, ...rest } = HEADERS.run.parse(headers)
      const { events, seqs, times } = VALUES.run.parse(value)
      return {
        kind: 'run',
        claimId: claim,
        firstSeq: first,
        lastSeq: last,
        ...rest,
        events: events as never,
        seqs,
        ...(times !== undefined && { times }),
      }
    }
    case 'claim':
      return { kind: 'claim', ...VALUES.claim.parse(value) }
    case 'rejected':
      return { kind: 'rejected', ...VALUES.rejected.parse(value) }
    case 'deleted':
      return { kind: 'deleted', ...VALUES.deleted.parse(value) }
    case 'state': {
      const { claim, version, time } = HEADERS.state.parse(headers)
      return { kind: 'state', claimId: claim, version, value: VALUES.state.parse(value), time }
    }
    default:
      return foreign(`unknown record kind ${JSON.stringify(headers.kind)}`)
  }
}

/** By hand: of all records most are these. */
const eventOf = ({ claim, seq, time, cause }: Record<string, string>, value: unknown): LogRecord => {
  if (claim === undefined) return foreign('an event without a claim')
  const [at, made] = [Number(seq), Number(time)]
  if (!isCount(at) || !isCount(made)) return foreign('an event without a seq or a time')
  if (cause !== undefined && !causes.has(cause)) return foreign(`unknown cause ${JSON.stringify(cause)}`)
  const { type } = (value ?? {}) as { type?: unknown }
  if (typeof type !== 'string' || Array.isArray(value)) return foreign('an event without a type')
  // A cast, not a parse: the worker wrote what the agent emitted, and a reader passes it on whole.
  const event = value as EventRecord['event']
  const record: EventRecord = { kind: 'event', claimId: claim, seq: at, event, time: made }
  if (cause !== undefined) record.cause = cause as EndCause
  return record
}

const isCount = (value: number): boolean => Number.isInteger(value) && value >= 0

const foreign = (reason: string): ForeignRecord => ({ kind: 'foreign', reason })
