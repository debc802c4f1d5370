import type { RunnerError } from '../errors.ts'
import type { Place } from './cluster.ts'
import type { FetchedPartition, FetchedRecord } from './fetch.ts'

export interface FollowHandlers {
  /** Once, before anything else of it: the id of the topic that is read. */
  onLocated?(topicId: string): void
  /**
   * Records in order, without doubles; after the cleaner's visit, with gaps in their offsets. Others get the same
   * ones if they are shared.
   */
  onRecords(records: FetchedRecord[], shared?: boolean): void
  /** Once: all that the log held at that moment has been delivered. */
  onCaughtUp?(nextOffset: number): void
  /** Once, instead of everything: there is no such topic. */
  onMissing(): void
  /** Once, instead of anything further: the topic that was read was deleted. `onMissing` unless given. */
  onGone?(): void
  /** Once, instead of anything further. */
  onError(error: RunnerError): void
}

/** One reader of one topic. Delivers each offset once, whichever connection brings it. */
export class Follower {
  readonly topic: string
  /** Known once the topic was located. */
  topicId = ''
  /** The only topic to read: offsets of another one with its name are others. */
  wantedId: string | undefined
  /** Whether a broker has answered for the topic. */
  served = false
  /** The next offset wanted. */
  position: number
  caughtUp = false
  /** Where it was found, if ever. */
  place: Place | undefined
  /** Whether its topic was served to anybody when it was found. */
  established = false
  stopped = false
  readonly #handlers: FollowHandlers
  /** Since the brokers last answered for it. */
  #failures = 0
  #failingSince = 0

  constructor(topic: string, from: number, handlers: FollowHandlers, wantedId?: string) {
    this.topic = topic
    this.position = from
    this.#handlers = handlers
    this.wantedId = wantedId
  }

  /** Whether another topic has the name by now. */
  isOther(topicId: string): boolean {
    return this.wantedId !== undefined && this.wantedId !== topicId
  }

  deliver(partition: FetchedPartition): void {
    if (this.stopped) return
    this.#failures = 0
    if (!this.served) {
      this.served = true
      if (this.place !== undefined) this.place.served = true
      this.wantedId = this.topicId
      this.#handlers.onLocated?.(this.topicId)
    }
    // The other connection may have brought the first of these already.
    const records = partition.records.filter(({ offset }) => offset >= this.position)
    this.position = Math.max(this.position, partition.nextOffset ?? 0)
    if (records.length > 0) this.#handlers.onRecords(records, partition.shared)
    // Not at the last record's offset: the cleaner may have emptied the batches behind it.
    if (this.caughtUp || this.stopped || this.position < partition.highWatermark) return
    this.caughtUp = true
    this.#handlers.onCaughtUp?.(this.position)
  }

  /** Notes that it has to be located again. */
  failed(): void {
    if (this.#failures === 0) this.#failingSince = performance.now()
    this.#failures += 1
  }

  failingForMs(): number {
    return this.#failures === 0 ? 0 : performance.now() - this.#failingSince
  }

  /**
   * How long to wait before the next attempt: nothing at first, then longer each time. Slowly so, since a topic
   * just made is served some milliseconds after it is known.
   */
  pauseMs(): number {
    return this.#failures === 0 ? 0 : Math.min(1.4 ** this.#failures, 500)
  }

  miss(): void {
    if (this.stopped) return
    this.stopped = true
    if (this.served && this.#handlers.onGone !== undefined) this.#handlers.onGone()
    else this.#handlers.onMissing()
  }

  fail(error: RunnerError): void {
    if (this.stopped) return
    this.stopped = true
    this.#handlers.onError(error)
  }
}
