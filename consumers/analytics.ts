/**
 * Turns the finished runs of `<prefix>.runs` into Parquet files that DuckDB and others read, from the brokers in
 * KAFKA_BROKERS into KAR_ANALYTICS_DIR. SIGTERM writes what was read. The same as `kar analytics ingest`; one of
 * them writes into a folder. docs/analytics.md has the tables.
 */
import { runCommandLine } from '../src/cli/command-line.ts'

process.exit(await runCommandLine(['analytics', 'ingest', ...process.argv.slice(2)]))
