import type { RawRecord } from './raw-log.ts'

/** A run as its thread's log has it, by this reading. */
export interface LogRun {
  runId: string
  commandId: string
  /** Valid claims in order: the first is new, the others are take-overs. */
  claims: { claimId: string; workerId: string; time: number }[]
  /** Visible events, as their JSON stands in the log. */
  events: { text: string; type: string; seq: number; time: number; offset: number }[]
  terminal?: { type: string; cause: string; time: number }
  /** Events of the first complete run record, each as JSON. */
  recorded?: string[]
}

export interface LogRejection {
  commandId: string
  runId: string
  code: string
}

export interface ThreadLog {
  threadId: string
  runs: LogRun[]
  /** All that ever stood there, also those that are marked as gone. */
  rejections: LogRejection[]
  /** Records that no reader is shown, by the reason. */
  hidden: { fenced: number; afterEnd: number; repeated: number; voidClaims: number; foreign: number }
}

/**
 * The rules of docs/protocol.md, "Reading a thread log", written a second time and on purpose without a look
 * at the library's reducer: a mistake in either shows as a difference.
 */
export const readThreadLog = (threadId: string, records: readonly RawRecord[]): ThreadLog => {
  const log: ThreadLog = {
    threadId,
    runs: [],
    rejections: [],
    hidden: { fenced: 0, afterEnd: 0, repeated: 0, voidClaims: 0, foreign: 0 },
  }
  const parts = new Map<string, string[][]>()
  let highestSeq = 0
  for (const { value, headers, offset } of [...records].sort((a, b) => a.offset - b.offset)) {
    if (value === null) continue
    switch (headers.kind) {
      case 'claim':
        readClaim(log, JSON.parse(value))
        break
      case 'event':
        highestSeq = readEvent(log, { value, headers, offset }, highestSeq)
        break
      case 'run':
        readRunRecord(log, parts, value, headers)
        break
      case 'rejected': {
        const { commandId, runId, code } = JSON.parse(value)
        log.rejections.push({ commandId, runId, code })
        break
      }
      default:
        log.hidden.foreign += 1
    }
  }
  return log
}

interface ClaimValue {
  claimId: string
  after: string | null
  claim: 'new' | 'takeover'
  commandId: string
  runId: string
  workerId: string
  time: number
}

const readClaim = (
  log: ThreadLog,
  { claimId, after, claim, commandId, runId, workerId, time }: ClaimValue,
): void => {
  const last = log.runs.at(-1)
  const isNext = after === (last?.claims.at(-1)?.claimId ?? null)
  const isFree = last === undefined || last.terminal !== undefined
  if (isNext && claim === 'new' && isFree) {
    log.runs.push({ runId, commandId, claims: [{ claimId, workerId, time }], events: [] })
  } else if (
    isNext &&
    claim === 'takeover' &&
    !isFree &&
    last.runId === runId &&
    last.commandId === commandId
  ) {
    last.claims.push({ claimId, workerId, time })
  } else {
    log.hidden.voidClaims += 1
  }
}

const readEvent = (
  log: ThreadLog,
  { value, headers, offset }: Pick<RawRecord, 'headers' | 'offset'> & { value: string },
  highestSeq: number,
): number => {
  const run = log.runs.at(-1)
  const seq = Number(headers.seq)
  const type = String(headers.type)
  const terminal = type === 'RUN_FINISHED' || type === 'RUN_ERROR'
  if (run === undefined || headers.claim !== run.claims.at(-1)?.claimId) log.hidden.fenced += 1
  else if (run.terminal !== undefined) log.hidden.afterEnd += 1
  else if (!terminal && seq <= highestSeq) log.hidden.repeated += 1
  else {
    const time = Number(headers.time)
    run.events.push({ text: value, type, seq, time, offset })
    if (terminal) run.terminal = { type, cause: headers.cause ?? '', time }
    return Math.max(seq, highestSeq)
  }
  return highestSeq
}

const readRunRecord = (
  log: ThreadLog,
  parts: Map<string, string[][]>,
  value: string,
  headers: Record<string, string>,
): void => {
  const run = log.runs.find(({ claims }) => claims.at(-1)?.claimId === headers.claim)
  if (run?.terminal === undefined || run.recorded !== undefined) return
  const attempt = parts.get(headers.attempt ?? '') ?? []
  parts.set(headers.attempt ?? '', attempt)
  attempt[Number(headers.part)] = (JSON.parse(value).events as unknown[]).map((event) =>
    JSON.stringify(event),
  )
  const there = attempt.filter((part) => part !== undefined)
  if (there.length === Number(headers.parts)) run.recorded = attempt.flat()
}

/** A run that failed before its first event: its caller was told, and replays leave it out. */
export const isPhantom = ({ events }: LogRun): boolean =>
  events.length === 1 && events[0]?.type === 'RUN_ERROR'
