import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { DuckDBResult } from '@duckdb/node-api'
import { RunnerError } from '../errors.ts'
import { openDuckDb, sqlText } from './duckdb.ts'
import { LEDGER_FILE } from './ledger.ts'
import { queryInvalid } from './query-rows.ts'
import { columnsOf, TABLE_NAMES, type TableName } from './tables.ts'

/** The tables as they were last committed; nothing of them can be changed through it. */
export interface TablesReader {
  /**
   * One statement that only reads, over the views runs, events, messages and tool_calls.
   * @throws RunnerError QUERY_INVALID
   */
  query(sql: string): Promise<DuckDBResult>
  /** For views of one's own over the tables. */
  define(sql: string): Promise<void>
  /** Idempotent. */
  close(): void
}

/**
 * Reads the files that the ledger names at this moment, so that what is written meanwhile changes no answer.
 * @throws RunnerError CONFIG_INVALID when there are no tables, PACKAGE_MISSING
 */
export const openTables = async (folder: string): Promise<TablesReader> => {
  const files = filesOf(folder)
  const { connection, close } = await openDuckDb()
  try {
    for (const table of TABLE_NAMES) await connection.run(viewOf(table, folder, files.get(table) ?? []))
    await connection.run(`SET allowed_directories = [${sqlText(`${resolve(folder)}/`)}]`)
    // What a statement could do beside reading these: read and write other files, load extensions.
    await connection.run('SET enable_external_access = false; SET lock_configuration = true')
  } catch (error) {
    close()
    throw error
  }
  return {
    query: async (sql) => {
      try {
        const statements = await connection.extractStatements(sql)
        if (statements.count !== 1) throw new Error(`it holds ${statements.count} statements, not one`)
        const statement = await statements.prepare(0)
        if (!READING.includes(statement.statementType)) throw new Error('it does more than read')
        return await statement.stream()
      } catch (error) {
        throw queryInvalid(error)
      }
    },
    define: async (sql) => {
      await connection.run(sql)
    },
    close,
  }
}

/** StatementType.SELECT and .EXPLAIN, whose own enum would have to be loaded. */
const READING = [1, 4]

const filesOf = (folder: string): Map<TableName, string[]> => {
  const path = join(folder, LEDGER_FILE)
  if (!existsSync(path))
    throw new RunnerError(
      'CONFIG_INVALID',
      `There are no tables in ${folder}. Make them with "kar analytics ingest", or name their folder with --dir (KAR_ANALYTICS_DIR).`,
    )
  const ledger = new DatabaseSync(path, { readOnly: true })
  try {
    const rows = ledger
      .prepare('SELECT path, "table" FROM files WHERE replaced IS NULL ORDER BY path')
      .all() as unknown as { path: string; table: TableName }[]
    const files = new Map<TableName, string[]>()
    for (const row of rows) files.set(row.table, [...(files.get(row.table) ?? []), row.path])
    return files
  } finally {
    ledger.close()
  }
}

const viewOf = (table: TableName, folder: string, paths: readonly string[]): string => {
  if (paths.length === 0) {
    const columns = columnsOf(table).map(([name, { type }]) => `"${name}" ${type}`)
    return `CREATE TABLE ${table} (${columns.join(', ')}, day DATE)`
  }
  const files = paths.map((path) => sqlText(join(resolve(folder), path)))
  return `CREATE VIEW ${table} AS SELECT * FROM read_parquet([${files}], hive_partitioning = true, hive_types = {'day': DATE})`
}
