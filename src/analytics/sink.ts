import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf, RunnerError } from '../errors.ts'
import { isEnd, type RunFact } from '../fan-in/run-fact.ts'
import { type DuckDb, openDuckDb } from './duckdb.ts'
import { removeUnknown } from './files.ts'
import { type Counts, Ledger, type LedgerFile } from './ledger.ts'
import { createParquetWriter, type ParquetWriter } from './parquet-writer.ts'
import { rowsOfRun } from './run-rows.ts'

/** A record of the topic, as a fact or as what could not be read. */
export interface Placed {
  /** Undefined where the record could not be read. */
  fact: RunFact | undefined
  /** Milliseconds since 1970: Kafka's own time of the record. */
  recorded: number
}

/** What was added since it was opened. */
export interface Added extends Counts {
  runs: number
  /** Rows of the table events. */
  events: number
  /** AG-UI events before deltas were joined. */
  rawEvents: number
}

/** How long an end may be told again: a command is kept for 7 days, and nobody tells it without the command. */
export const TOLD_AGAIN_MS_MAX = 8 * 86_400_000
/** So many small files of a table and day become one. */
const MERGED_FILES_MIN = 32
const SMALL_BYTES_MAX = 16_000_000
/** A query that began before a merge reads on in the files that it began with. */
const REPLACED_KEPT_MS = 300_000

/**
 * Facts into files. Rows, offsets and what is known of the ends that were told are committed together by `flush`;
 * after a crash all three are as the last one left them.
 */
export class Sink {
  readonly added: Added = { runs: 0, events: 0, rawEvents: 0, repeated: 0, skipped: 0 }
  #folder: string
  #ledger: Ledger
  #duckDb: DuckDb
  #writer: ParquetWriter
  #since: Counts = { repeated: 0, skipped: 0 }
  #newest = 0
  #dirty = false

  private constructor(folder: string, ledger: Ledger, duckDb: DuckDb, writer: ParquetWriter) {
    this.#folder = folder
    this.#ledger = ledger
    this.#duckDb = duckDb
    this.#writer = writer
  }

  /** @throws RunnerError PACKAGE_MISSING, CONFIG_INVALID */
  static async open(folder: string, topic: string): Promise<Sink> {
    const duckDb = await openDuckDb()
    try {
      const ledger = new Ledger(folder, topic)
      removeUnknown(folder, ledger.knownPaths())
      const sink = new Sink(folder, ledger, duckDb, await createParquetWriter(duckDb.connection, folder))
      ledger.begin()
      return sink
    } catch (error) {
      duckDb.close()
      throw error
    }
  }

  /** Where to read on. */
  offsets(): Map<number, number> {
    return this.#ledger.offsets()
  }

  /** Rows that wait for `flush`. */
  get waiting(): number {
    return this.#writer.rows
  }

  /** A batch of one partition, whole: all of it is behind the next flush or none. */
  take(partition: number, placed: readonly Placed[], nextOffset: number): void {
    for (const { fact, recorded } of placed) {
      this.#newest = Math.max(this.#newest, recorded)
      if (fact === undefined) this.#count('skipped')
      else this.#takeFact(fact, recorded)
    }
    this.#ledger.advance(partition, nextOffset)
    this.#dirty = true
  }

  /** @throws RunnerError ANALYTICS_WRITE_FAILED; then only `close` may follow */
  async flush(): Promise<void> {
    if (!this.#dirty) return
    try {
      await this.#write()
    } catch (error) {
      throw new RunnerError(
        'ANALYTICS_WRITE_FAILED',
        `The tables in ${this.#folder} could not be written: ${messageOf(error)}. ` +
          'Nothing is lost: they are as they were, and the same records are read again. Check the disk, then start again.',
        { cause: error },
      )
    }
  }

  /** Without what was not flushed. Idempotent. */
  close(): void {
    this.#ledger.close()
    this.#duckDb.close()
  }

  #takeFact(fact: RunFact, recorded: number): void {
    if (!isEnd(fact)) {
      if (fact.fact === 'accepted') this.#ledger.accept(fact, recorded)
      return
    }
    const whole = this.#ledger.isEnded(fact) ? false : this.#assemble(fact, recorded)
    if (whole === false) this.#count('repeated')
    else if (whole !== true) this.#add(whole, recorded)
  }

  /** The end with the events of all its parts; true while some are missing, false for a part that is there. */
  #assemble(fact: RunFact, recorded: number): RunFact | boolean {
    if (fact.parts === 1) return fact
    const parts = this.#ledger.addPart(fact, recorded)
    if (typeof parts === 'boolean') return parts
    return { ...parts.at(-1)!, events: parts.flatMap(({ events }) => events) }
  }

  #add(end: RunFact, recorded: number): void {
    this.#ledger.end(end, recorded)
    const rows = rowsOfRun(end, this.#ledger.takeAccepted(end))
    this.#writer.append(rows)
    this.added.runs += 1
    this.added.events += rows.events.length
    this.added.rawEvents += rows.run.events ?? 0
  }

  #count(what: keyof Counts): void {
    this.added[what] += 1
    this.#since[what] += 1
  }

  async #write(): Promise<void> {
    const ledger = this.#ledger
    const now = Date.now()
    const batch = ledger.nextBatch()
    if (this.#writer.rows > 0) {
      for (const file of await this.#writer.write(batch)) ledger.addFile(file)
      await this.#merge(batch, now)
    }
    ledger.count(this.#since)
    ledger.forget(this.#newest - TOLD_AGAIN_MS_MAX)
    const replaced = ledger.takeReplaced(now - REPLACED_KEPT_MS)
    ledger.commit()
    this.#since = { repeated: 0, skipped: 0 }
    this.#dirty = false
    for (const path of replaced) rmSync(join(this.#folder, path), { force: true })
    await this.#writer.clear()
    ledger.begin()
  }

  async #merge(batch: number, now: number): Promise<void> {
    const small = this.#ledger.files().filter(({ bytes }) => bytes < SMALL_BYTES_MAX)
    const places = Map.groupBy(small, ({ table, day }: LedgerFile) => `${table}/${day}`)
    for (const files of places.values()) {
      if (files.length < MERGED_FILES_MIN) continue
      this.#ledger.addFile(await this.#writer.merge(files, batch))
      for (const { path } of files) this.#ledger.replaceFile(path, now)
    }
  }
}
