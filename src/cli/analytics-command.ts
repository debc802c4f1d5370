import type { Command } from 'commander'
import { addAnalyticsIngestCommand } from './analytics-ingest-command.ts'
import { addAnalyticsQueryCommand } from './analytics-query-command.ts'
import { addAnalyticsReportCommand } from './analytics-report-command.ts'

export const addAnalyticsCommand = (program: Command): void => {
  const command = program
    .command('analytics')
    .description('finished runs as Parquet files, and questions about them')
    .helpCommand(false)
    .addHelpText('after', HELP)
  addAnalyticsIngestCommand(command)
  addAnalyticsQueryCommand(command)
  addAnalyticsReportCommand(command)
}

const HELP = `
Needs the package @duckdb/node-api, and the page of the report echarts; docs/analytics.md has the tables.

Examples:
  $ kar analytics ingest --once
  $ kar analytics query "SELECT agent_id, count(*) FROM runs GROUP BY ALL"
  $ kar analytics report --out report.html`
