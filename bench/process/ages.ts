import type { BaseEvent } from '@ag-ui/client'
import { now } from '../events.ts'
import { type Quantiles, quantiles } from '../stats.ts'

/** A span of the machine's monotonic clock, milliseconds. */
export interface Window {
  from: number
  to: number
}

/** How old content events were when they were seen. */
export class Ages {
  #made: number[] = []
  #ages: number[] = []

  note(event: BaseEvent): void {
    if ((event.type as string) !== 'TEXT_MESSAGE_CONTENT' || event.timestamp === undefined) return
    this.#made.push(event.timestamp)
    this.#ages.push(now() - event.timestamp)
  }

  clear(): void {
    this.#made = []
    this.#ages = []
  }

  in({ from, to }: Window): Quantiles & { count: number } {
    const ages = this.#ages.filter((_, at) => this.#made[at]! >= from && this.#made[at]! <= to)
    return { ...quantiles(ages), count: ages.length }
  }
}
