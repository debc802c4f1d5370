import { randomUUID } from 'node:crypto'
import type { Client } from '../contestant.ts'
import { contentEvent, endEvent, now, startEvent } from '../events.ts'
import { type Quantiles, quantiles } from '../stats.ts'

export interface ShortRuns {
  /** Runs go over these in turn. */
  threadIds: string[]
  count: number
  /** Events of a run, from RUN_STARTED to RUN_FINISHED. */
  events: number
  bytes: number
  /** How many go on at once; more than threads would meet a busy one. */
  at: number
}

export interface ShortRunTimes {
  tookMs: number
  /** From the call of run() to its first event. */
  firstMs: Quantiles
  /** From the call of run() to its last event. */
  wholeMs: Quantiles
}

/** Runs one after the other on each thread, so many threads at once. */
export const shortRuns = async (
  client: Client,
  { threadIds, count, events, bytes, at }: ShortRuns,
): Promise<ShortRunTimes> => {
  const firsts: number[] = []
  const wholes: number[] = []
  const lanes = Math.min(at, threadIds.length)
  const start = now()
  const lane = async (number: number) => {
    for (let run = number; run < count; run += lanes) {
      const called = now()
      let first: number | undefined
      await client.run(threadIds[run % threadIds.length]!, talk(events - 4, bytes), () => {
        first ??= now() - called
      })
      firsts.push(first ?? Number.NaN)
      wholes.push(now() - called)
    }
  }
  await Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)))
  return { tookMs: now() - start, firstMs: quantiles(firsts), wholeMs: quantiles(wholes) }
}

const talk =
  (deltas: number, bytes: number) => async (emit: (event: ReturnType<typeof startEvent>) => void) => {
    const messageId = randomUUID()
    emit(startEvent(messageId))
    for (let index = 0; index < deltas; index += 1) emit(contentEvent(messageId, bytes))
    emit(endEvent(messageId))
  }
