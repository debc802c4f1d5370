import type { ConsumedRecord } from '../kafka/consumed-record.ts'
import { Parts } from './parts.ts'
import { Progress } from './progress.ts'
import type { RunFact } from './run-fact.ts'

/** A partition that is this member's, until it is another's. */
export class OwnedPartition {
  readonly progress = new Progress()
  readonly parts: Parts
  /** Its records are taken in one after the other, also where some are delivered again meanwhile. */
  turn: Promise<void> = Promise.resolve()
  /** Aborts when what is in hand of it is to be let go: whoever has it next gets that again. */
  readonly letGo: AbortSignal
  readonly #lost = new AbortController()

  constructor(leaving: AbortSignal, decode: (record: ConsumedRecord) => RunFact) {
    this.parts = new Parts(decode)
    this.letGo = AbortSignal.any([leaving, this.#lost.signal])
  }

  /** Another member has it. */
  lose(): void {
    this.#lost.abort()
  }
}
