import { type FaultRecord, isOfBroker } from '../fault-runner.ts'
import type { TakeOver } from '../probe.ts'
import type { Evidence } from './evidence.ts'

/** Milliseconds. */
export interface Quantiles {
  count: number
  p50: number
  p99: number
  max: number
}

export const quantiles = (values: readonly number[]): Quantiles => {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: sorted.at(-1) ?? 0 }
}

/** How long a thread whose worker was lost could not be used. */
export interface TakeOverTime {
  fault: TakeOver['fault']
  /** What else happened until then, and counts in. */
  meanwhile?: 'a broker away' | 'another worker lost'
  /** Milliseconds; undefined for a thread that never came back. */
  ms: number | undefined
}

/**
 * From the loss of a worker to the moment when a thread of its could be used again: a client saw WORKER_LOST,
 * or a new run began. Runs that ended otherwise, such as on a worker that thawed in time, do not count.
 */
export const takeOverTimes = (evidence: Evidence, faults: readonly FaultRecord[]): TakeOverTime[] =>
  evidence.takeOvers
    .filter((takeOver) => wasTakenOver(evidence, takeOver))
    .map((takeOver) => {
      const { fault, lostAt, startedAt } = takeOver
      const seen = [startedAt, lossSeenAt(evidence, takeOver)].filter((time) => time !== undefined)
      const usableAt = Math.min(...seen)
      const meanwhile = whatElse(faults, lostAt, usableAt)
      return { fault, meanwhile, ms: seen.length === 0 ? undefined : usableAt - lostAt }
    })

const whatElse = (
  faults: readonly FaultRecord[],
  lostAt: number,
  usableAt: number,
): TakeOverTime['meanwhile'] => {
  const happened = faults.filter(({ skipped }) => skipped === undefined)
  if (happened.some(({ fault, from, to }) => isOfBroker(fault) && from <= usableAt && to >= lostAt))
    return 'a broker away'
  // It may be the one that had just got the thread: then all begins anew.
  const isLoss = ({ fault: { kind } }: FaultRecord) => kind === 'kill worker' || kind === 'freeze worker'
  const later = happened.some((other) => isLoss(other) && other.from > lostAt + 50 && other.from <= usableAt)
  return later ? 'another worker lost' : undefined
}

const wasTakenOver = ({ runs }: Evidence, { runId }: TakeOver): boolean => {
  const terminal = runs.get(runId)?.run.terminal
  return terminal === undefined || terminal.cause === 'worker-lost'
}

/** By any client of the thread: the caller's own stream may have broken off before. */
const lossSeenAt = (
  { recordings, runs }: Evidence,
  { runId, threadId, lostAt }: TakeOver,
): number | undefined => {
  const end = runs.get(runId)?.run.events.at(-1)?.text
  const times = recordings.streams
    .filter((stream) => stream.threadId === threadId)
    .flatMap(({ received }) => received.filter(({ text, time }) => text === end && time > lostAt))
    .map(({ time }) => time)
  return times.length === 0 ? undefined : Math.min(...times)
}
