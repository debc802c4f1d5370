import type { ConsumedRecord } from '../kafka/consumed-record.ts'
import type { RunFact } from './run-fact.ts'

/** A fact with the records that told it: one, unless it is an end that came in parts. */
export interface Delivery {
  fact: RunFact
  /** As received; of a fact in parts all of them, in their order. */
  records: ConsumedRecord[]
}

interface Incomplete {
  /** As received: what they hold would take a multiple of that. */
  records: ConsumedRecord[]
  bytes: number
}

/** Records of a partition without another part of an end, after which no more will come of that telling. */
const DISTANCE_MAX = 100_000

/** What becomes of a part. */
export type Joined =
  | { what: 'complete'; delivery: Delivery }
  | { what: 'kept' }
  /** A part that is here already, or whose beginning is not: its worker failed in between, and tells all of it again. */
  | { what: 'useless' }

/**
 * Puts ends together that came in parts, for one partition. A worker tells the parts of an end in their order, and
 * all of them again where it cannot be sure of one. So a part counts only when it is the next one.
 */
export class Parts {
  readonly #decode: (record: ConsumedRecord) => RunFact
  readonly #incomplete = new Map<string, Incomplete>()
  /** Of all values that are kept. */
  bytes = 0

  /** `decode` of a record that was decoded before. */
  constructor(decode: (record: ConsumedRecord) => RunFact) {
    this.#decode = decode
  }

  add(fact: RunFact, record: ConsumedRecord): Joined {
    const key = keyOf(fact)
    const known = this.#incomplete.get(key) ?? { records: [], bytes: 0 }
    if (fact.part !== known.records.length) return { what: 'useless' }
    known.records.push(record)
    if (known.records.length === fact.parts) {
      this.#forget(key)
      return { what: 'complete', delivery: this.#joined(known.records) }
    }
    known.bytes += sizeOf(record)
    this.bytes += sizeOf(record)
    this.#incomplete.set(key, known)
    return { what: 'kept' }
  }

  /** Takes out what no other part has come of for so long that none will: its end, if it was told, comes whole. */
  takeStale(offset: number): Delivery[] {
    const stale: Delivery[] = []
    for (const [key, { records }] of this.#incomplete) {
      if (offset - records.at(-1)!.offset <= DISTANCE_MAX) continue
      this.#forget(key)
      stale.push(this.#joined(records))
    }
    return stale
  }

  #forget(key: string): void {
    this.bytes -= this.#incomplete.get(key)?.bytes ?? 0
    this.#incomplete.delete(key)
  }

  #joined(records: ConsumedRecord[]): Delivery {
    const facts = records.map(this.#decode)
    const events = facts.flatMap(({ events }) => events)
    return { fact: { ...facts[0]!, part: 0, parts: 1, events }, records }
  }
}

/** The number of parts too: another version may split the same end in another way. */
const keyOf = ({ threadId, id, parts }: RunFact): string => JSON.stringify([threadId, id, parts])

export const sizeOf = ({ value }: ConsumedRecord): number => value?.length ?? 0
