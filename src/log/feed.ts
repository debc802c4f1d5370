import type { Appended } from '../kafka/append-batch.ts'
import type { System } from '../system.ts'
import { copyOf } from './copy.ts'
import type { Following } from './following.ts'
import { type EventRecord, isTerminal, keyOf, type NewRecord } from './record.ts'

/** After this long without an append of this process, its readers look at the log again for those of others. */
const FED_MS_MAX = 2_000

/**
 * What this process appends need not be fetched by its own readers: once the brokers have acknowledged it,
 * they get it from here, as long as it comes next in the log. Whatever decides something is read back.
 */
export class Feed {
  readonly #system: Pick<System, 'elapsed' | 'sleep'>
  readonly #byTopic = new Map<string, Set<Following>>()
  /** When each reader that is not reading was last given something. */
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
  offer(topic: string, records: readonly NewRecord[], { baseOffset, appendAttempt }: Appended): void {
    for (const following of this.#byTopic.get(topic) ?? []) {
      // A repeated append may lie in the log twice.
      const taken = appendAttempt === 0 && records.every(isPlainEvent) && following.isAt(baseOffset)
      if (taken) {
        this.#fed.set(following, this.#system.elapsed())
        following.take(records.map((record, at) => readOf(record, baseOffset + at)))
      } else {
        this.#fed.delete(following)
        following.readOn()
      }
    }
    if (this.#fed.size > 0 && !this.#watching) void this.#watch()
  }

  async #watch(): Promise<void> {
    this.#watching = true
    while (this.#fed.size > 0) {
      await this.#system.sleep(FED_MS_MAX / 2)
      for (const [following, at] of this.#fed) {
        if (this.#system.elapsed() - at < FED_MS_MAX) continue
        this.#fed.delete(following)
        following.readOn()
      }
    }
    this.#watching = false
  }
}

const isPlainEvent = (record: NewRecord): record is EventRecord =>
  record.kind === 'event' && !isTerminal(record.event)

/** A copy: the writer keeps its own for the run record. */
const readOf = (record: EventRecord, offset: number) => ({
  record: copyOf(record),
  key: keyOf(record),
  offset,
})
