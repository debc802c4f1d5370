import { writeFileSync } from 'node:fs'
import { type Command, InvalidArgumentError } from 'commander'
import type { Report, ReportFilter } from '../analytics/report/report-data.ts'
import { messageOf, RunnerError } from '../errors.ts'
import { addFolderFlags, type FolderFlags, readingFolder } from './analytics-folder.ts'
import { printTable } from './table.ts'
import { note, style } from './terminal.ts'

interface ReportFlags extends FolderFlags, ReportFilter {
  out?: string
  json?: boolean
}

export const addAnalyticsReportCommand = (program: Command): void => {
  const command = program
    .command('report')
    .description('runs, durations, errors, tools and tokens: tables here, charts on a page')
    .option('--out <file>', 'write the page: one HTML file with charts')
    .option('--from <day>', 'first day, as 2026-11-01 (UTC)', day)
    .option('--to <day>', 'last day', day)
    .option('--agent <id>', 'only this agent')
    .option('--json', 'the figures as JSON')
    .addHelpText('after', HELP)
    .action(async (flags: ReportFlags) => {
      const { agent, from, to, out, json } = flags
      const report = await read(await readingFolder(flags), {
        ...(from !== undefined && { from }),
        ...(to !== undefined && { to }),
        ...(agent !== undefined && { agent }),
      })
      if (out !== undefined) await write(report, out)
      if (json) console.log(JSON.stringify(report))
      else await printReport(report)
    })
  addFolderFlags(command)
}

const day = (text: string): string => {
  const date = new Date(`${text}T00:00:00Z`)
  if (!Number.isNaN(date.getTime()) && date.toISOString().startsWith(text) && text.length === 10) return text
  throw new InvalidArgumentError('It is to be a day as 2026-11-01.')
}

const read = async (folder: string, filter: ReportFilter): Promise<Report> => {
  const [{ openTables }, { readReport }] = await Promise.all([
    import('../analytics/tables-reader.ts'),
    import('../analytics/report/report-data.ts'),
  ])
  const tables = await openTables(folder)
  try {
    return await readReport(tables, filter)
  } finally {
    tables.close()
  }
}

const write = async (report: Report, path: string): Promise<void> => {
  const { reportPage } = await import('../analytics/report/page.ts')
  const page = await reportPage(report)
  try {
    writeFileSync(path, page)
  } catch (error) {
    throw new RunnerError('CONFIG_INVALID', `The page cannot be written to ${path}: ${messageOf(error)}.`, {
      cause: error,
    })
  }
  note(`The page is in ${path}.`)
}

const printReport = async (report: Report): Promise<void> => {
  const { sectionsOf, summaryOf } = await import('../analytics/report/sections.ts')
  console.log(summaryOf(report))
  for (const { title, head, numeric, rows } of sectionsOf(report)) {
    if (rows.length === 0) continue
    console.log(`\n${style('bold', title, process.stdout)}`)
    printTable(head, rows, numeric)
  }
}

const HELP = `
Days are those on which runs began.

Examples:
  $ kar analytics report
  $ kar analytics report --out report.html
  $ kar analytics report --from 2026-11-01 --to 2026-11-07 --agent support
  $ kar analytics report --json | jq '.tools[] | select(.failed > 0)'`
