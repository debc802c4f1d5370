import type { DuckDBResult } from '@duckdb/node-api'
import { messageOf, RunnerError } from '../errors.ts'
import { TABLE_NAMES } from './tables.ts'

export type Cell = string | number | boolean | null

/** A result, a chunk of rows at a time: it may be larger than the memory. */
export interface QueryRows {
  head: string[]
  /** Of the columns that hold numbers. */
  numeric: string[]
  chunks(): AsyncGenerator<Cell[][]>
}

export const rowsOf = (result: DuckDBResult): QueryRows => {
  const head = result.deduplicatedColumnNames()
  const types = result.columnTypes().map(String)
  return {
    head,
    numeric: head.filter((_, column) => NUMERIC.test(types[column]!)),
    chunks: async function* () {
      try {
        for await (const rows of result.yieldRowsJs())
          yield rows.map((row) => row.map((value, column) => cellOf(value, types[column]!)))
      } catch (error) {
        // A value that cannot be converted is met when its row comes.
        throw queryInvalid(error)
      }
    },
  }
}

export const queryInvalid = (error: unknown): RunnerError =>
  new RunnerError(
    'QUERY_INVALID',
    `This cannot be queried: ${firstPart(messageOf(error))}. Give one SELECT over ${TABLE_NAMES.join(', ')}.`,
    { cause: error },
  )

const NUMERIC = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL)/

const cellOf = (value: unknown, type: string): Cell => {
  if (value === null || value === undefined) return null
  if (value instanceof Date) return type === 'DATE' ? value.toISOString().slice(0, 10) : value.toISOString()
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? Number(inner) : inner))
}

/** DuckDB goes on with the place in the statement, drawn over several lines. */
const firstPart = (message: string): string =>
  (message.split('\n\n')[0] ?? '')
    .replaceAll('\n', ' ')
    .replace(/[.!]+$/, '')
    .slice(0, 500)
