import type { FetchedRecord } from '../kafka/fetch.ts'
import type { FollowHandlers } from '../kafka/follower.ts'
import type { Tail } from '../kafka/tail.ts'
import type { LogPosition, ReadRecord, ThreadHandlers } from './reading.ts'

export interface FollowingOptions {
  tail: Tail
  topic: string
  from: LogPosition
  handlers: ThreadHandlers
  decode(wire: FetchedRecord, shared?: boolean): ReadRecord
}

/** One reader of a thread log: by the tail, or fed with what this process appends. */
export class Following {
  readonly #options: FollowingOptions
  #position: number
  #logId: string | undefined
  #caughtUp = false
  /** None while it is fed. */
  #reading: { stop(): void } | undefined
  #stopped = false

  constructor(options: FollowingOptions) {
    this.#options = options
    this.#position = options.from.nextOffset
    this.#logId = options.from.logId
    this.readOn()
  }

  /** Whether it has everything before this offset of this log, and nothing from there on. */
  isAt(offset: number, logId = this.#logId): boolean {
    return this.#caughtUp && !this.#stopped && offset === this.#position && logId === this.#logId
  }

  /** Takes what comes next in the log, and reads no longer until `readOn`. */
  take(records: ReadRecord[]): void {
    this.#reading?.stop()
    this.#reading = undefined
    this.#position = (records.at(-1)?.offset ?? this.#position - 1) + 1
    this.#options.handlers.onRecords(records)
  }

  readOn(): void {
    if (this.#stopped || this.#reading !== undefined) return
    const { tail, topic } = this.#options
    this.#reading = tail.follow(topic, this.#position, this.#handlers(), this.#logId)
  }

  stop(): void {
    this.#stopped = true
    this.#reading?.stop()
  }

  #handlers(): FollowHandlers {
    const { handlers, decode } = this.#options
    // A reader that was fed has heard of these already.
    const isFirst = !this.#caughtUp
    const end = (act: () => void) => () => {
      this.#stopped = true
      act()
    }
    const onGone = end(() => (handlers.onGone ?? handlers.onMissing)())
    return {
      onLocated: (logId) => {
        this.#logId = logId
        if (isFirst) handlers.onLocated?.(logId)
      },
      onRecords: (fetched, shared) => {
        const last = fetched.at(-1)
        if (last !== undefined) this.#position = last.offset + 1
        handlers.onRecords(fetched.map((wire) => decode(wire, shared)))
      },
      onCaughtUp: (nextOffset) => {
        this.#position = nextOffset
        this.#caughtUp = true
        if (isFirst) handlers.onCaughtUp?.(nextOffset)
      },
      onMissing: isFirst ? end(() => handlers.onMissing()) : onGone,
      onGone,
      onError: (error) => end(() => handlers.onError(error))(),
    }
  }
}
