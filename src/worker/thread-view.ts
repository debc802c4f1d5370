import { RunnerError } from '../errors.ts'
import type { ThreadHistory } from '../log/history.ts'
import { decides, keyOf, type NewRecord } from '../log/record.ts'
import { latestClaim, type ThreadState } from '../log/reducer.ts'
import { idsOf } from '../log/thread-cache.ts'
import type { ThreadLogs } from '../log/thread-logs.ts'
import type { Interrupt } from '../run/interrupts.ts'
import { LogView } from './log-view.ts'

/** A log may be removed again and again while it is looked at; so often in a row is no accident. */
const FRESH_LOGS_MAX = 5

/**
 * A worker's place in a thread log: the state up to there, the latest run's events, and the ids of the
 * thread's messages. Its own appends are applied without reading them back where the log shows that nobody
 * wrote in between: the acknowledged offset is the one that came next.
 */
export class ThreadView {
  readonly threadId: string
  readonly #logs: ThreadLogs
  #log = new LogView()
  /** The commands of the log that was there before. */
  #goneCommands: ReadonlySet<string> = new Set()
  /** Appends are applied in log order, one after the other. */
  #applied: Promise<unknown> = Promise.resolve()

  constructor(logs: ThreadLogs, threadId: string) {
    this.#logs = logs
    this.threadId = threadId
  }

  get history(): ThreadHistory {
    return this.#log.history
  }

  get messageIds(): Set<string> {
    return this.#log.messageIds
  }

  /** What the thread waits for a person to decide, since its last finished run. */
  get pendingInterrupts(): readonly Interrupt[] {
    return this.#log.pendingInterrupts
  }

  /** About how many ids it keeps in memory. */
  get idsHeld(): number {
    return idsOf(this.state) + this.messageIds.size + this.#log.commands.size + this.#goneCommands.size
  }

  get state(): ThreadState {
    return this.history.state
  }

  /** Whether the claim is still the one that may write. */
  holds(claimId: string): boolean {
    return latestClaim(this.state)?.claimId === claimId
  }

  /** Whether the thread was deleted after the command's run in it: that is never to be executed again. */
  isDeleted(commandId: string): boolean {
    return (
      this.#goneCommands.has(commandId) || (this.state.deleted === true && this.#log.commands.has(commandId))
    )
  }

  /**
   * Reads to the end of the log. Where there is none any more, or another one, the state is that.
   * @throws RunnerError READ_FAILED
   */
  refresh(): Promise<void> {
    return this.#inTurn(() => this.#readToEnd())
  }

  /** Whether there was a log to write to when it was last read. */
  get isOpen(): boolean {
    return this.#log.position.logId !== undefined && !this.state.deleted
  }

  /**
   * The same, and the thread has a log to write to afterwards: a new one where it had none, and where it was
   * deleted, of which this finishes what the deleter left undone. For a command whose run was deleted with
   * the thread none is made.
   * @throws RunnerError READ_FAILED, BROKER_UNAVAILABLE
   */
  open(commandId: string): Promise<void> {
    return this.#inTurn(async () => {
      for (let round = 0; round < FRESH_LOGS_MAX; round += 1) {
        await this.#readToEnd()
        if (this.isOpen || this.isDeleted(commandId)) return
        const { logId } = this.#log.position
        if (logId !== undefined) await this.#logs.remove(this.threadId, logId)
        await this.#logs.ensure(this.threadId)
      }
      throw new RunnerError(
        'READ_FAILED',
        `Thread "${this.threadId}" was deleted ${FRESH_LOGS_MAX} times in a row while a run of it was to begin.`,
      )
    })
  }

  /** Resolves when the log has more than was read that decides something, or when the signal aborts. */
  goesOn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      let following: { stop(): void } | undefined
      const done = () => {
        following?.stop()
        resolve()
      }
      following = this.#logs.follow(this.threadId, this.#log.position, {
        onRecords: (records) => {
          if (records.some(({ record }) => record.kind !== 'foreign' && decides(record))) done()
        },
        onMissing: done,
        onError: done,
      })
      if (signal.aborted) done()
      else signal.addEventListener('abort', done, { once: true })
    })
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
      const { nextOffset, logId } = this.#log.position
      const landed = await appended.catch(async (error) => {
        await this.#readToEnd()
        // To a log that was removed nobody can append. What has become of the thread is in the state now.
        if (this.#log.position.logId === logId) throw error
      })
      if (landed === undefined) return
      const { baseOffset, appendAttempt } = landed
      // A repeated append may lie in the log twice, and another offset means that others wrote: read.
      // Topics are written by name, so what decides is read back by its log's id: it may lie in another log.
      if (baseOffset !== nextOffset || appendAttempt > 0 || records.some(decides)) return this.#readToEnd()
      for (const [index, record] of records.entries())
        this.#log.apply({ record, key: keyOf(record), offset: baseOffset + index })
    })
  }

  async #inTurn(step: () => Promise<void>): Promise<void> {
    const turn = this.#applied.then(step)
    this.#applied = turn.catch(() => {})
    return turn
  }

  async #readToEnd(): Promise<void> {
    if (this.#log.position.logId !== undefined && (await this.#readOn(this.#log))) return
    // Another log, or none. Nobody is to see it half read: the claim that holds it may be one's own.
    const other = new LogView()
    await this.#readOn(other)
    if (this.#log.commands.size > 0) this.#goneCommands = this.#log.commands
    this.#log = other
  }

  /** False when the thread has no log, or another one. */
  async #readOn(log: LogView): Promise<boolean> {
    const end = await this.#logs.read(this.threadId, log.position, (records) => {
      for (const record of records) log.apply(record)
    })
    if (end !== undefined) log.position = end
    return end !== undefined
  }
}
