import { mkdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { DuckDBAppender, DuckDBConnection } from '@duckdb/node-api'
import { sqlText } from './duckdb.ts'
import { DRAFT, finishFiles } from './files.ts'
import type { LedgerFile } from './ledger.ts'
import type { RunRows } from './run-rows.ts'
import { type ColumnType, columnsOf, type Row, TABLE_NAMES, type TableName } from './tables.ts'

/** Rows on their way into Parquet. They wait in DuckDB, which packs them better than JavaScript would. */
export interface ParquetWriter {
  append(rows: RunRows): void
  /** Rows of all tables since the last `clear`. */
  rows: number
  /** Writes all rows, a file a table and day, all of them on disk under their final names. */
  write(batch: number): Promise<LedgerFile[]>
  /** Puts files of one table and day together in one. */
  merge(files: readonly LedgerFile[], batch: number): Promise<LedgerFile>
  clear(): Promise<void>
}

const DAY_MS = 86_400_000

export const createParquetWriter = async (
  connection: DuckDBConnection,
  folder: string,
): Promise<ParquetWriter> => {
  for (const table of TABLE_NAMES) await connection.run(createTable(table))
  const appenders = new Map<TableName, DuckDBAppender>()
  const appendersOf = async () => {
    for (const table of TABLE_NAMES) appenders.set(table, await connection.createAppender(table))
  }
  await appendersOf()

  const appendRow = <Name extends TableName>(table: Name, day: number, row: Row<Name>): void => {
    const appender = appenders.get(table)!
    appender.appendInteger(day)
    for (const [name, append] of APPENDS[table]) append(appender, row[name as keyof Row<Name>])
    appender.endRow()
    writer.rows += 1
  }

  /** Under another name until all of them are whole and on disk. */
  const copy = async (path: string, select: string): Promise<number> => {
    const draft = join(folder, path) + DRAFT
    mkdirSync(dirname(draft), { recursive: true })
    await connection.run(`COPY (${select}) TO ${sqlText(draft)} (FORMAT parquet, COMPRESSION zstd)`)
    return statSync(draft).size
  }

  const writer: ParquetWriter = {
    rows: 0,
    append: ({ day, run, events, messages, toolCalls }) => {
      appendRow('runs', day, run)
      for (const row of events) appendRow('events', day, row)
      for (const row of messages) appendRow('messages', day, row)
      for (const row of toolCalls) appendRow('tool_calls', day, row)
    },
    write: async (batch) => {
      for (const appender of appenders.values()) appender.flushSync()
      const files: LedgerFile[] = []
      for (const table of TABLE_NAMES) {
        const days = await connection.runAndReadAll(
          `SELECT day, count(*)::INTEGER AS rows FROM ${table} GROUP BY day ORDER BY day`,
        )
        for (const [day, rows] of days.getRowsJS() as [number, number][]) {
          const path = pathOf(table, day, nameOf(batch))
          const bytes = await copy(path, `${selectRows(table)} WHERE day = ${day}`)
          files.push({ path, table, day, rows, bytes })
        }
      }
      await finishFiles(
        folder,
        files.map(({ path }) => path),
      )
      return files
    },
    merge: async (files, batch) => {
      const { table, day } = files[0]!
      const path = pathOf(table, day, `${nameOf(batch)}-merged`)
      const sources = files.map((file) => sqlText(join(folder, file.path)))
      const bytes = await copy(path, `SELECT * FROM read_parquet([${sources}], hive_partitioning = false)`)
      await finishFiles(folder, [path])
      return { path, table, day, rows: files.reduce((sum, { rows }) => sum + rows, 0), bytes }
    },
    clear: async () => {
      for (const appender of appenders.values()) appender.closeSync()
      for (const table of TABLE_NAMES) await connection.run(`TRUNCATE ${table}`)
      await appendersOf()
      writer.rows = 0
    },
  }
  return writer
}

type Append = (appender: DuckDBAppender, value: unknown) => void

/** Times wait as whole milliseconds: an object for each would cost more than all the rest. */
const STAGED: Record<ColumnType, string> = {
  VARCHAR: 'VARCHAR',
  BIGINT: 'BIGINT',
  TIMESTAMP: 'BIGINT',
  BOOLEAN: 'BOOLEAN',
}

const appendBigInt: Append = (appender, value) =>
  value === null ? appender.appendNull() : appender.appendBigInt(BigInt(Math.round(value as number)))

const APPEND: Record<ColumnType, Append> = {
  VARCHAR: (appender, value) =>
    value === null ? appender.appendNull() : appender.appendVarchar(wellFormed(value as string)),
  BIGINT: appendBigInt,
  TIMESTAMP: appendBigInt,
  BOOLEAN: (appender, value) =>
    value === null ? appender.appendNull() : appender.appendBoolean(value as boolean),
}

// UTF-8 has no half of a surrogate pair, and DuckDB refuses what is no UTF-8.
const wellFormed = (text: string): string => (text.isWellFormed() ? text : text.toWellFormed())

const APPENDS = Object.fromEntries(
  TABLE_NAMES.map((table) => [table, columnsOf(table).map(([name, { type }]) => [name, APPEND[type]])]),
) as Record<TableName, [name: string, append: Append][]>

const createTable = (table: TableName): string => {
  const columns = columnsOf(table).map(([name, { type }]) => `"${name}" ${STAGED[type]}`)
  return `CREATE TABLE ${table} (day INTEGER, ${columns.join(', ')})`
}

const selectRows = (table: TableName): string => {
  const columns = columnsOf(table).map(([name, { type }]) =>
    type === 'TIMESTAMP' ? `epoch_ms("${name}") AS "${name}"` : `"${name}"`,
  )
  return `SELECT ${columns.join(', ')} FROM ${table}`
}

const pathOf = (table: TableName, day: number, name: string): string =>
  join(table, `day=${new Date(day * DAY_MS).toISOString().slice(0, 10)}`, `${name}.parquet`)

const nameOf = (batch: number): string => `batch-${String(batch).padStart(8, '0')}`
