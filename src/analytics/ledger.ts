import { hash } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { RunnerError } from '../errors.ts'
import type { RunFact } from '../fan-in/run-fact.ts'
import type { TableName } from './tables.ts'

export const LEDGER_FILE = 'ledger.sqlite'

/** A Parquet file whose rows count. */
export interface LedgerFile {
  /** Within the folder. */
  path: string
  table: TableName
  /** Days since 1970. */
  day: number
  rows: number
  bytes: number
}

/** What became of the records that gave no rows. */
export interface Counts {
  /** Ends that were told again. */
  repeated: number
  /** Records that could not be read. */
  skipped: number
}

const VERSION = 1

/**
 * What has been read and what it led to, in one SQLite database: the offsets, the files, the ends that were told,
 * and what waits for its end. Everything since `begin` counts with `commit` or not at all.
 *
 * Each end that was told is remembered for as long as it may be told again; see `forget`.
 */
export class Ledger {
  #database: DatabaseSync
  #prepared = new Map<string, StatementSync>()

  /** @throws RunnerError CONFIG_INVALID when the folder is another topic's */
  constructor(folder: string, topic: string) {
    this.#database = new DatabaseSync(join(folder, LEDGER_FILE))
    this.#database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; ${SCHEMA}`)
    this.#run('INSERT OR IGNORE INTO about VALUES (1, ?, ?, 0, 0, 0, 0)', topic, VERSION)
    const about = this.#get<{ topic: string; version: number }>('SELECT topic, version FROM about')
    if (about?.topic === topic && about.version === VERSION) return
    this.close()
    throw new RunnerError(
      'CONFIG_INVALID',
      about?.topic === topic
        ? `${folder} was written by another version (format ${about.version}, this one writes ${VERSION}). Name an empty folder with --dir.`
        : `${folder} holds the tables of topic "${about?.topic}", not of "${topic}". Name another folder with --dir.`,
    )
  }

  begin(): void {
    this.#database.exec('BEGIN IMMEDIATE')
  }

  commit(): void {
    this.#database.exec('COMMIT')
  }

  offsets(): Map<number, number> {
    const rows = this.#all<{ partition: number; next: number }>('SELECT partition, next FROM offsets')
    return new Map(rows.map(({ partition, next }) => [partition, next]))
  }

  advance(partition: number, next: number): void {
    this.#run('INSERT OR REPLACE INTO offsets VALUES (?, ?)', partition, next)
  }

  /** A number for the next files' names, which no counting file has. */
  nextBatch(): number {
    this.#run('UPDATE about SET batch = batch + 1')
    return this.#get<{ batch: number }>('SELECT batch FROM about')!.batch
  }

  addFile({ path, table, day, rows, bytes }: LedgerFile): void {
    this.#run('INSERT INTO files VALUES (?, ?, ?, ?, ?, NULL)', path, table, day, rows, bytes)
  }

  /** The files whose rows count. */
  files(): LedgerFile[] {
    return this.#all(`SELECT path, "table", day, rows, bytes FROM files WHERE replaced IS NULL ORDER BY path`)
  }

  /** It counts no more, and stays for who is reading it. */
  replaceFile(path: string, now: number): void {
    this.#run('UPDATE files SET replaced = ? WHERE path = ?', now, path)
  }

  /** Gives the files that were replaced before then, and knows them no more. */
  takeReplaced(before: number): string[] {
    return this.#all<{ path: string }>('DELETE FROM files WHERE replaced < ? RETURNING path', before).map(
      ({ path }) => path,
    )
  }

  /** Of the parts of the folder's tree that are to stay. */
  knownPaths(): Set<string> {
    return new Set(this.#all<{ path: string }>('SELECT path FROM files').map(({ path }) => path))
  }

  /** Its first telling counts. */
  accept({ threadId, commandId, time }: RunFact, recorded: number): void {
    this.#run('INSERT OR IGNORE INTO accepted VALUES (?, ?, ?, ?)', threadId, commandId, time, recorded)
  }

  takeAccepted({ threadId, commandId }: RunFact): number | undefined {
    const sql = 'DELETE FROM accepted WHERE thread = ? AND command = ? RETURNING time'
    return this.#get<{ time: number }>(sql, threadId, commandId)?.time
  }

  /** Whether this end, all its parts, is in the tables. */
  isEnded({ threadId, id }: RunFact): boolean {
    return this.#get('SELECT 1 FROM ends WHERE key = ?', keyOf(threadId, id)) !== undefined
  }

  end({ threadId, id }: RunFact, recorded: number): void {
    this.#run('INSERT INTO ends VALUES (?, ?)', keyOf(threadId, id), recorded)
  }

  /** Keeps a part, and gives all of them once they are there. False for one that was there already. */
  addPart(fact: RunFact, recorded: number): RunFact[] | boolean {
    const { threadId, id, part, parts } = fact
    // The number of parts too: another version may split the same end in another way.
    const sql = 'INSERT OR IGNORE INTO parts VALUES (?, ?, ?, ?, ?, ?)'
    if (this.#run(sql, threadId, id, parts, part, JSON.stringify(fact), recorded) === 0) return false
    const where = 'FROM parts WHERE thread = ? AND id = ? AND parts = ?'
    const known = this.#get<{ count: number }>(`SELECT count(*) AS count ${where}`, threadId, id, parts)!
    if (known.count < parts) return true
    const all = this.#all<{ fact: string }>(`SELECT fact ${where} ORDER BY part`, threadId, id, parts)
    this.#run('DELETE FROM parts WHERE thread = ? AND id = ?', threadId, id)
    return all.map((row) => JSON.parse(row.fact) as RunFact)
  }

  count({ repeated, skipped }: Counts): void {
    this.#run('UPDATE about SET repeated = repeated + ?, skipped = skipped + ?', repeated, skipped)
  }

  counts(): Counts {
    return { ...this.#get<Counts>('SELECT repeated, skipped FROM about')! }
  }

  /**
   * Forgets what was recorded before then: ends that nobody tells again any more, and runs and parts whose end
   * never came. Looks through all of them, so at most once an hour of the topic's time.
   */
  forget(before: number): void {
    const { forgotten } = this.#get<{ forgotten: number }>('SELECT forgotten FROM about')!
    if (before < forgotten + HOUR_MS) return
    for (const table of ['ends', 'accepted', 'parts'])
      this.#run(`DELETE FROM ${table} WHERE recorded < ?`, before)
    this.#run('UPDATE about SET forgotten = ?', before)
  }

  /** What was not committed is undone. */
  close(): void {
    this.#prepared.clear()
    if (this.#database.isOpen) this.#database.close()
  }

  #statement(sql: string): StatementSync {
    const known = this.#prepared.get(sql)
    if (known !== undefined) return known
    const statement = this.#database.prepare(sql)
    this.#prepared.set(sql, statement)
    return statement
  }

  #run(sql: string, ...values: Value[]): number {
    return Number(this.#statement(sql).run(...values).changes)
  }

  #get<T>(sql: string, ...values: Value[]): T | undefined {
    return this.#statement(sql).get(...values) as T | undefined
  }

  #all<T>(sql: string, ...values: Value[]): T[] {
    return this.#statement(sql).all(...values) as T[]
  }
}

type Value = string | number | Uint8Array

const HOUR_MS = 3_600_000

/** 128 bits of a hash stand for both ids: there may be millions. */
const keyOf = (threadId: string, id: string): Uint8Array =>
  hash('sha256', JSON.stringify([threadId, id]), 'buffer').subarray(0, 16)

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS about (
    id INTEGER PRIMARY KEY CHECK (id = 1), topic TEXT, version INTEGER, batch INTEGER, repeated INTEGER,
    skipped INTEGER, forgotten INTEGER
  ) STRICT;
  CREATE TABLE IF NOT EXISTS offsets (partition INTEGER PRIMARY KEY, next INTEGER) STRICT;
  CREATE TABLE IF NOT EXISTS files (
    path TEXT PRIMARY KEY, "table" TEXT, day INTEGER, rows INTEGER, bytes INTEGER, replaced INTEGER
  ) STRICT;
  CREATE TABLE IF NOT EXISTS accepted (
    thread TEXT, command TEXT, time REAL, recorded INTEGER, PRIMARY KEY (thread, command)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS ends (key BLOB PRIMARY KEY, recorded INTEGER) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS parts (
    thread TEXT, id TEXT, parts INTEGER, part INTEGER, fact TEXT, recorded INTEGER,
    PRIMARY KEY (thread, id, parts, part)
  ) STRICT;`
