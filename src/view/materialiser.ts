import type { DatabaseSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'
import { messageOf } from '../errors.ts'
import { isEnd, parseRunFact, type RunFact } from '../fan-in/run-fact.ts'
import type { TopicBatch, TopicRecord } from '../kafka/topic-reader.ts'
import type { Logger } from '../logger.ts'
import type { RecordFormat } from '../schema/record-format.ts'
import type { System } from '../system.ts'
import { Contents, contentAfter } from './contents.ts'
import { type DirectoryEntry, parseDirectoryEntry } from './directory-entry.ts'
import { type EndedRun, RunRows } from './run-rows.ts'
import { ThreadRows } from './thread-rows.ts'

export interface MaterialiserParts {
  database: DatabaseSync
  topics: { runs: string; threads: string }
  format: RecordFormat
  logger: Logger
  system: Pick<System, 'now'>
}

/** How long the process does nothing else, at most. */
const BUSY_MS_MAX = 20
/** The directory's entry is written at the moment of the first fact: runs without one for so long have none. */
const STRAY_MS = 120_000
/** The runs topic keeps facts for 30 days; none is told again after that. */
const ERASED_MS = 31 * 86_400_000

const EVERYTHING = Number.MAX_SAFE_INTEGER

/** Turns batches of the two topics into rows, each batch with its offset in one transaction. */
export class Materialiser {
  readonly runs: RunRows
  readonly threads: ThreadRows
  readonly contents: Contents
  /** Records that could not be read, since the start. */
  skipped = 0
  readonly #parts: MaterialiserParts
  readonly #offset
  readonly #offsets
  readonly #pruneErased
  #turn: Promise<unknown> = Promise.resolve()

  constructor(parts: MaterialiserParts) {
    const { database } = parts
    this.#parts = parts
    this.runs = new RunRows(database)
    this.threads = new ThreadRows(database)
    this.contents = new Contents(database)
    this.#offset = database.prepare('INSERT OR REPLACE INTO offsets VALUES (?, ?, ?)')
    this.#offsets = database.prepare('SELECT partition, next FROM offsets WHERE topic = ?')
    this.#pruneErased = database.prepare('DELETE FROM erased WHERE erased_at < ?')
  }

  /** Where to go on with a topic. */
  offsetsOf(topic: string): Map<number, number> {
    return new Map(this.#offsets.all(topic).map(({ partition, next }) => [Number(partition), Number(next)]))
  }

  /** @throws what the registry or SQLite threw; then nothing of the batch was kept */
  applyRuns(batch: TopicBatch): Promise<void> {
    return this.#apply(this.#parts.topics.runs, batch, async (records) => {
      let since = performance.now()
      for (const record of records) {
        const fact = this.#decoded(record, () => this.#factOf(record))
        if (fact !== undefined) await this.#applyFact(fact, record.offset)
        if (performance.now() - since < BUSY_MS_MAX) continue
        await setImmediate()
        since = performance.now()
      }
    })
  }

  /** @throws as `applyRuns` */
  applyThreads(batch: TopicBatch): Promise<void> {
    return this.#apply(this.#parts.topics.threads, batch, async (records) => {
      // Of each thread the last record counts: those before it are of the past.
      for (const record of new Map(records.map((each) => [each.key, each])).values()) {
        if (record.value === null) this.#remove(record.key)
        else {
          const entry = this.#decoded(record, () => this.#entryOf(record))
          if (entry !== undefined) await this.#enter(entry)
        }
      }
    })
  }

  /** Removes runs of threads that are not in the directory, for who has read that to its end. */
  async tidy(): Promise<void> {
    const now = this.#parts.system.now()
    const strays = this.threads.straysBefore(now - STRAY_MS)
    await this.#inTransaction(() => {
      for (const threadId of strays) {
        // It may have come into the directory since they were looked up.
        if (!this.threads.has(threadId)) this.runs.erase(threadId, EVERYTHING, now)
        this.threads.notStray(threadId)
      }
      this.#pruneErased.run(now - ERASED_MS)
    })
    if (strays.length === 0) return
    // What was removed is in SQLite's write-ahead log until then.
    const { database } = this.#parts
    const checkpoint = this.#turn.then(() => {
      if (database.isOpen) database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    })
    this.#turn = checkpoint.catch(() => {})
    await checkpoint
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#turn
  }

  async #apply(
    topic: string,
    { partition, records, nextOffset }: TopicBatch,
    apply: (records: TopicRecord[]) => Promise<void>,
  ): Promise<void> {
    // Before the transaction: a registry may take its time.
    for (const { value } of records) {
      const loading = this.#parts.format.load(value)
      if (loading !== undefined) await loading
    }
    await this.#inTransaction(async () => {
      await apply(records)
      this.#offset.run(topic, partition, nextOffset)
    })
  }

  /** One after the other: there is one connection, and it has one transaction at a time. */
  #inTransaction(change: () => void | Promise<void>): Promise<void> {
    const { database } = this.#parts
    const turn = this.#turn.then(async () => {
      database.exec('BEGIN')
      try {
        await change()
        this.contents.flush()
        database.exec('COMMIT')
      } catch (error) {
        this.contents.forget()
        if (database.isTransaction) database.exec('ROLLBACK')
        throw error
      }
    })
    this.#turn = turn.catch(() => {})
    return turn
  }

  #factOf({ value }: TopicRecord): RunFact {
    return parseRunFact(this.#parts.format.decode('run-fact', value))
  }

  #entryOf({ value }: TopicRecord): DirectoryEntry {
    return parseDirectoryEntry(this.#parts.format.decode('thread', value))
  }

  /** A record that cannot be read is told and skipped: the threads of all others are not to wait for it. */
  #decoded<T>({ partition, offset }: TopicRecord, decode: () => T): T | undefined {
    try {
      return decode()
    } catch (error) {
      this.skipped += 1
      if (this.skipped === 1 || this.skipped % 1_000 === 0)
        this.#parts.logger.warn(
          `The list of threads skips a record that it cannot read (partition ${partition}, offset ${offset}; ` +
            `${this.skipped} since the start): ${messageOf(error)}`,
        )
      return undefined
    }
  }

  async #applyFact(fact: RunFact, position: number): Promise<void> {
    // The two are about commands; no run is in the thread's history before it started.
    if (fact.fact === 'accepted' || fact.fact === 'rejected') return
    const { threadId } = fact
    if (this.runs.begin(fact, position)) await this.#begun(fact, position)
    if (!isEnd(fact)) return
    const ended = this.runs.end(fact)
    if (ended === undefined) return
    this.threads.correct(threadId, ended.runId, ended.status)
    await this.#addRun(ended, fact.startedAt ?? fact.time)
  }

  async #begun({ threadId, startedAt, time }: RunFact, position: number): Promise<void> {
    const { now } = this.#parts.system
    if (!this.threads.has(threadId)) this.threads.stray(threadId, now())
    else if (this.threads.begin(threadId, startedAt ?? time, position)) {
      this.runs.erase(threadId, position, now())
      if (this.contents.of(threadId) !== undefined) await this.#refold(threadId)
    }
  }

  async #addRun(run: EndedRun, startedAt: number): Promise<void> {
    const { threadId, firstSeq } = run
    const beginning = this.threads.beginningOf(threadId)
    if (beginning === undefined) return
    // Of a thread of this id that was deleted, as far as can be told before its first run is known.
    if (beginning.since === undefined && startedAt < beginning.createdAt) return
    const before = this.contents.of(threadId)
    // One that is told late belongs before others, or to a thread that the directory does not have yet.
    if (before !== undefined && firstSeq <= before.lastSeq) await this.#refold(threadId)
    else this.contents.set(threadId, await contentAfter([run], before))
  }

  async #enter(entry: DirectoryEntry): Promise<void> {
    const { threadId, runId, createdAt } = entry
    const before = this.threads.beginningOf(threadId)
    const isNew = before?.createdAt !== Math.round(createdAt)
    const since = isNew ? this.runs.positionOf(threadId, Math.round(createdAt)) : before.since
    this.threads.put(entry, since)
    const end = this.runs.endOf(threadId, runId)
    if (end !== undefined) this.threads.correct(threadId, runId, end)
    if (!isNew) return
    if (since !== undefined) this.runs.erase(threadId, since, this.#parts.system.now())
    await this.#refold(threadId)
  }

  /** At once gone for readers; its runs when it is sure that they are not those of a thread that began since. */
  #remove(threadId: string): void {
    this.threads.remove(threadId)
    this.contents.remove(threadId)
    this.threads.stray(threadId, this.#parts.system.now())
  }

  async #refold(threadId: string): Promise<void> {
    const runs = this.runs.ofThread(threadId)
    this.contents.remove(threadId)
    if (runs.length > 0) this.contents.set(threadId, await contentAfter(runs))
  }
}
