import { ThreadHistory } from '../log/history.ts'
import { keyOf, type NewRecord } from '../log/record.ts'
import { latestClaim, type ThreadState, type Verdict } from '../log/reducer.ts'
import type { ReadRecord, ThreadLogs } from '../log/thread-logs.ts'
import { knownMessageIds } from '../run/messages.ts'

/**
 * A worker's place in a thread log: the state up to `nextOffset`, the latest run's events, and the ids of the
 * thread's messages. Its own appends are applied without reading them back where the log shows that nobody
 * wrote in between: the acknowledged offset is the one that came next.
 */
export class ThreadView {
  readonly threadId: string
  readonly history = new ThreadHistory('latest')
  readonly messageIds = new Set<string>()
  readonly #logs: ThreadLogs
  #nextOffset = 0
  /** Appends are applied in log order, one after the other. */
  #applied: Promise<unknown> = Promise.resolve()

  constructor(logs: ThreadLogs, threadId: string) {
    this.#logs = logs
    this.threadId = threadId
  }

  get state(): ThreadState {
    return this.history.state
  }

  /** Whether the claim is still the one that may write. */
  holds(claimId: string): boolean {
    return latestClaim(this.state)?.claimId === claimId
  }

  /** Reads to the end of the log. */
  refresh(): Promise<void> {
    return this.#inTurn(() => this.#readToEnd())
  }

  /**
   * Appends, and resolves when the state includes the records, and all that others wrote before them.
   * @throws RunnerError APPEND_FAILED, READ_FAILED
   */
  append(records: NewRecord[]): Promise<void> {
    const appended = this.#logs.append(this.threadId, records)
    // Handled here already: the turn before this one may take a while.
    appended.catch(() => {})
    return this.#inTurn(async () => {
      const { baseOffset, appendAttempt } = await appended
      if (baseOffset < this.#nextOffset) return
      // A repeated append may lie in the log twice, and a higher offset means that others wrote: read.
      if (baseOffset > this.#nextOffset || appendAttempt > 0) return this.#readToEnd()
      this.#apply(
        records.map((record, index) => ({ record, key: keyOf(record), offset: baseOffset + index })),
      )
    })
  }

  async #inTurn(step: () => Promise<void>): Promise<void> {
    const turn = this.#applied.then(step)
    this.#applied = turn.catch(() => {})
    return turn
  }

  async #readToEnd(): Promise<void> {
    const nextOffset = await this.#logs.read(this.threadId, this.#nextOffset, (records) =>
      this.#apply(records),
    )
    this.#nextOffset = Math.max(this.#nextOffset, nextOffset ?? 0)
  }

  #apply(records: ReadRecord[]): void {
    for (const { record, key, offset } of records) {
      if (offset < this.#nextOffset) continue
      this.#nextOffset = offset + 1
      this.#noteMessages(this.history.apply(record, key))
    }
  }

  #noteMessages(verdict: Verdict): void {
    if (verdict.did === 'show') knownMessageIds([verdict.record.event], this.messageIds)
    if (verdict.did === 'part' || verdict.did === 'record')
      knownMessageIds(verdict.record.events, this.messageIds)
  }
}
