import type { LRUCache } from 'lru-cache'
import type { LogPosition, ReadRecord } from '../log/reading.ts'
import { applyRecord, EMPTY_THREAD, type ThreadState, type Verdict } from '../log/reducer.ts'
import { createThreadCache, idsOf } from '../log/thread-cache.ts'
import type { ThreadLogs } from '../log/thread-logs.ts'

/** How far a process has read a thread, and what the log means up to there. */
export interface Place extends LogPosition {
  state: ThreadState
  /** Records that were not this library's, and were skipped. */
  foreign: number
}

/** Before anything was read. */
export const START: Place = { state: EMPTY_THREAD, nextOffset: 0, foreign: 0 }

/** The next place, and what the record did. Records that were read before change nothing. */
export const step = (place: Place, { record, offset }: ReadRecord): [Place, Verdict | undefined] => {
  if (offset < place.nextOffset) return [place, undefined]
  const [state, verdict] = applyRecord(place.state, record)
  const foreign = place.foreign + (record.kind === 'foreign' ? 1 : 0)
  return [{ ...place, state, nextOffset: offset + 1, foreign }, verdict]
}

/** A place in a log that was read. */
export type ReadPlace = Place & Required<LogPosition>

/** Remembers places, so that a question about a thread does not read it from the start each time. */
export class Places {
  readonly #logs: ThreadLogs
  readonly #known: LRUCache<string, Place>

  constructor(logs: ThreadLogs, max: number) {
    this.#logs = logs
    this.#known = createThreadCache(max, ({ state }) => idsOf(state))
  }

  of(threadId: string): Place {
    return this.#known.get(threadId) ?? START
  }

  /** Keeps a place unless a later one in the same log is known. */
  keep(threadId: string, place: Place): void {
    const known = this.of(threadId)
    if (known.logId !== place.logId || place.nextOffset >= known.nextOffset) this.#known.set(threadId, place)
  }

  forget(threadId: string): void {
    this.#known.delete(threadId)
  }

  /**
   * Reads the thread to its end; undefined when it has no log, or was deleted.
   * @throws RunnerError READ_FAILED
   */
  async latest(threadId: string): Promise<Place | undefined> {
    const place = await this.latestOfLog(threadId)
    return place?.state.deleted ? undefined : place
  }

  /**
   * The same, also for a thread whose deletion has begun and whose log is still there.
   * @throws RunnerError READ_FAILED
   */
  async latestOfLog(threadId: string): Promise<ReadPlace | undefined> {
    const known = this.of(threadId)
    const place = await this.#read(threadId, known)
    if (place !== undefined || known.logId === undefined) return place
    // The log is not the one that was known: the thread was deleted, and may be there again.
    this.#known.delete(threadId)
    return this.#read(threadId, START)
  }

  async #read(threadId: string, from: Place): Promise<ReadPlace | undefined> {
    let place = from
    const end = await this.#logs.read(threadId, from, (records) => {
      for (const record of records) [place] = step(place, record)
    })
    if (end === undefined) return undefined
    const { state, foreign } = place
    const latest = { state, foreign, ...end }
    this.keep(threadId, latest)
    return latest
  }
}
