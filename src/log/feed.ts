import type { Appended } from '../kafka/append-batch.ts'
import type { System } from '../system.ts'
import { copyOf } from './copy.ts'
import type { Following } from './following.ts'
import type { ReadRecord } from './reading.ts'
import {
  type EventRecord,
  isTerminal,
  keyOf,
  type NewRecord,
  type RejectedRecord,
  type StateRecord,
} from './record.ts'

/** After this long without anything its readers look at the log again, for what others have appended. */
const FED_MS_MAX = 2_000
/** What decides something is read back by whoever appended it, and comes from there; or else is read. */
const READ_BACK_MS_MAX = 200

/**
 * What this process appends or reads need not be fetched by each of its readers: once the brokers have
 * acknowledged it, they get it from here, as long as it comes next in the log.
 */
export class Feed {
  readonly #system: Pick<System, 'elapsed' | 'sleep'>
  readonly #byTopic = new Map<string, Set<Following>>()
  /** Until when each reader that does not read itself waits for more. */
  readonly #fed = new Map<Following, number>()
  #watching = false

  constructor(system: Pick<System, 'elapsed' | 'sleep'>) {
    this.#system = system
  }

  add(topic: string, following: Following): void {
    const readers = this.#byTopic.get(topic) ?? new Set()
    this.#byTopic.set(topic, readers.add(following))
  }

  remove(topic: string, following: Following): void {
    this.#fed.delete(following)
    const readers = this.#byTopic.get(topic)
    readers?.delete(following)
    if (readers?.size === 0) this.#byTopic.delete(topic)
  }

  /** What was appended and acknowledged, in the order of the acknowledgements. */
  appended(topic: string, records: readonly NewRecord[], { baseOffset, appendAttempt }: Appended): void {
    const readers = this.#byTopic.get(topic)
    if (readers === undefined) return
    // A repeated append may lie in the log twice, and what decides may lie in another log of that name.
    const isSure = appendAttempt === 0 && records.every(isGivenAtOnce)
    for (const following of readers) {
      if (isSure && following.isAt(baseOffset))
        this.#give(
          following,
          records.map((record, at) => readOf(record, baseOffset + at)),
        )
      else this.#waitNoLonger(following)
    }
  }

  /** What was read of a log from an offset on; each reader gets records of its own. */
  read(topic: string, logId: string, from: number, copies: () => ReadRecord[]): void {
    for (const following of this.#byTopic.get(topic) ?? [])
      if (following.isAt(from, logId)) this.#give(following, copies())
  }

  #give(following: Following, records: ReadRecord[]): void {
    this.#fed.set(following, this.#system.elapsed() + FED_MS_MAX)
    if (!this.#watching) void this.#watch()
    following.take(records)
  }

  /** For a read-back, that is: what is appended meanwhile must not put it off. */
  #waitNoLonger(following: Following): void {
    const until = this.#fed.get(following)
    if (until !== undefined)
      this.#fed.set(following, Math.min(until, this.#system.elapsed() + READ_BACK_MS_MAX))
  }

  async #watch(): Promise<void> {
    this.#watching = true
    while (this.#fed.size > 0) {
      await this.#system.sleep(READ_BACK_MS_MAX / 2)
      for (const [following, until] of this.#fed) {
        if (this.#system.elapsed() < until) continue
        this.#fed.delete(following)
        following.readOn()
      }
    }
    this.#watching = false
  }
}

const isGivenAtOnce = (record: NewRecord): record is EventRecord | RejectedRecord | StateRecord =>
  record.kind === 'rejected' ||
  record.kind === 'state' ||
  (record.kind === 'event' && !isTerminal(record.event))

/** A copy: the writer keeps its own for the run record. */
const readOf = (record: EventRecord | RejectedRecord | StateRecord, offset: number): ReadRecord => ({
  record: record.kind === 'event' ? copyOf(record) : { ...record },
  key: keyOf(record),
  offset,
})
