import { type Command, InvalidArgumentError } from 'commander'
import { type Cell, type QueryRows, rowsOf } from '../analytics/query-rows.ts'
import { addFolderFlags, type FolderFlags, readingFolder } from './analytics-folder.ts'
import { csvLine } from './csv.ts'
import { numberOf, printTable } from './table.ts'
import { note } from './terminal.ts'

interface QueryFlags extends FolderFlags {
  json?: boolean
  csv?: boolean
  limit: number
}

export const addAnalyticsQueryCommand = (program: Command): void => {
  const command = program
    .command('query')
    .description('ask the tables something in SQL')
    .argument('<sql>', 'one SELECT over runs, events, messages and tool_calls')
    .option('--json', 'one JSON object a row')
    .option('--csv', 'as CSV')
    .option('--limit <rows>', 'rows of the table at most', rows, 1_000)
    .addHelpText('after', HELP)
    .action(async (sql: string, flags: QueryFlags) => {
      const { openTables } = await import('../analytics/tables-reader.ts')
      const tables = await openTables(await readingFolder(flags))
      try {
        await print(rowsOf(await tables.query(sql)), flags)
      } finally {
        tables.close()
      }
    })
  addFolderFlags(command)
}

const rows = (text: string): number => {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new InvalidArgumentError('It is to be a whole number above 0.')
}

const print = async (result: QueryRows, flags: QueryFlags): Promise<void> => {
  if (flags.json) await printLines(result, (row) => JSON.stringify(objectOf(result.head, row)))
  else if (flags.csv) await printLines(result, csvLine, csvLine(result.head))
  else await printAsTable(result, flags.limit)
}

const printLines = async (
  { chunks }: QueryRows,
  lineOf: (row: Cell[]) => string,
  head?: string,
): Promise<void> => {
  if (head !== undefined) console.log(head)
  for await (const chunk of chunks()) {
    const lines = `${chunk.map(lineOf).join('\n')}\n`
    // A pipe that is read slowly must not make all of the result wait in memory.
    if (chunk.length > 0 && !process.stdout.write(lines)) await drained()
  }
}

const drained = (): Promise<void> => new Promise((resolve) => process.stdout.once('drain', () => resolve()))

const objectOf = (head: readonly string[], row: readonly Cell[]): Record<string, Cell> =>
  Object.fromEntries(head.map((name, at) => [name, row[at] ?? null]))

const printAsTable = async ({ head, numeric, chunks }: QueryRows, limit: number): Promise<void> => {
  const shown: Cell[][] = []
  let more = false
  for await (const chunk of chunks()) {
    more = shown.length + chunk.length > limit
    shown.push(...chunk.slice(0, limit - shown.length))
    if (more) break
  }
  const text = shown.map((row) => row.map(textOf))
  printTable(head, text, numeric)
  if (more) note(`The first ${numberOf(limit)} rows. More with --limit, all with --json or --csv.`)
}

/** One line a row, and numbers without what binary fractions add. */
const textOf = (cell: Cell): string =>
  cell === null
    ? ''
    : String(typeof cell === 'number' ? Number(cell.toPrecision(12)) : cell)
        .replace(/[\r\n\t]+/g, ' ')
        .replace(TIME, '$1 $2')

const TIME = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d\.\d{3})Z$/

const HELP = `
The tables and their columns are in docs/analytics.md; the SQL is DuckDB's. Times are UTC. What is being written
meanwhile by "kar analytics ingest" changes no answer. Nothing can be changed.

Examples:
  $ kar analytics query "SELECT agent_id, status, count(*) FROM runs GROUP BY ALL ORDER BY ALL"
  $ kar analytics query "SELECT day, quantile_cont(duration_ms, 0.9) AS p90 FROM runs GROUP BY day" --csv
  $ kar analytics query "SELECT * FROM tool_calls WHERE failed" --json | jq .result
  $ kar analytics query "DESCRIBE runs"`
