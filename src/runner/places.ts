import { LRUCache } from 'lru-cache'
import { applyRecord, EMPTY_THREAD, type ThreadState, type Verdict } from '../log/reducer.ts'
import type { ReadRecord, ThreadLogs } from '../log/thread-logs.ts'

/** How far a process has read a thread, and what the log means up to there. */
export interface Place {
  state: ThreadState
  nextOffset: number
  /** Records that were not this library's, and were skipped. */
  foreign: number
}

const START: Place = { state: EMPTY_THREAD, nextOffset: 0, foreign: 0 }

/** The next place, and what the record did. Records that were read before change nothing. */
export const step = (place: Place, { record, key, offset }: ReadRecord): [Place, Verdict | undefined] => {
  if (offset < place.nextOffset) return [place, undefined]
  const [state, verdict] = applyRecord(place.state, record, key)
  const foreign = place.foreign + (record.kind === 'foreign' ? 1 : 0)
  return [{ state, nextOffset: offset + 1, foreign }, verdict]
}

/** Remembers places, so that a question about a thread does not read it from the start each time. */
export class Places {
  readonly #logs: ThreadLogs
  readonly #known: LRUCache<string, Place>

  constructor(logs: ThreadLogs, max: number) {
    this.#logs = logs
    this.#known = new LRUCache({ max })
  }

  of(threadId: string): Place {
    return this.#known.get(threadId) ?? START
  }

  /** Keeps a place unless a later one is known. */
  keep(threadId: string, place: Place): void {
    if (place.nextOffset >= this.of(threadId).nextOffset) this.#known.set(threadId, place)
  }

  /**
   * Reads the thread to its end; undefined when it has no log.
   * @throws RunnerError READ_FAILED
   */
  async latest(threadId: string): Promise<Place | undefined> {
    let place = this.of(threadId)
    const nextOffset = await this.#logs.read(threadId, place.nextOffset, (records) => {
      for (const record of records) [place] = step(place, record)
    })
    if (nextOffset === undefined) return undefined
    place = { ...place, nextOffset: Math.max(nextOffset, place.nextOffset) }
    this.keep(threadId, place)
    return place
  }
}
