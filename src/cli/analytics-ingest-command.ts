import { type Command, InvalidArgumentError } from 'commander'
import type { Ingest } from '../analytics/ingest.ts'
import { runnerConfig } from '../config.ts'
import { stderrLogger } from '../logger.ts'
import { onSignals } from '../serve/signals.ts'
import { analyticsFolder, type FolderFlags } from './analytics-folder.ts'
import { createProgressLine } from './analytics-progress.ts'
import { EXIT } from './exit-code.ts'
import { addKafkaFlags, settingsFor } from './settings.ts'
import { numberOf } from './table.ts'
import { note } from './terminal.ts'

interface IngestFlags extends FolderFlags {
  once?: boolean
  flushInterval: number
  json?: boolean
}

export const addAnalyticsIngestCommand = (program: Command): void => {
  const command = program
    .command('ingest')
    .description('write finished runs into Parquet files, from where it left off')
    .option('--once', 'end when all was read that is there now')
    .option('--flush-interval <seconds>', 'most time until what was read is in a file', seconds, 60)
    .option('--dir <folder>', 'where the tables are (KAR_ANALYTICS_DIR)')
    .option('--json', 'with the end, what was added as JSON')
    .addHelpText('after', HELP)
    .action(async (flags: IngestFlags) => {
      process.exitCode = await ingestRuns(flags)
    })
  addKafkaFlags(command)
}

const seconds = (text: string): number => {
  const value = Number(text)
  if (value > 0 && value <= 86_400) return value
  throw new InvalidArgumentError('It is to be a number of seconds, up to 86400.')
}

const ingestRuns = async (flags: IngestFlags): Promise<number> => {
  const config = runnerConfig(await settingsFor('runner', flags))
  const folder = analyticsFolder(flags, config.prefix)
  const { createIngest } = await import('../analytics/ingest.ts')
  const ingest = createIngest({
    config,
    folder,
    flushIntervalMs: flags.flushInterval * 1_000,
    once: flags.once === true,
    onCaughtUp: () => {
      progress.stop()
      if (!flags.once) note('All of it is read. Going on with what comes; Ctrl-C ends it.')
    },
    logger: stderrLogger,
  })
  const started = performance.now()
  let interrupted = false
  const endSignals = onSignals(
    () => {
      interrupted = true
      note('Writing what was read.')
      void ingest.stop()
    },
    () => process.exit(EXIT.interrupted),
  )
  const progress = createProgressLine(ingest, process.stderr)
  try {
    await ingest.start()
    note(`Reading ${config.prefix}.runs into ${folder}.`)
    progress.start()
    await ingest.ended
  } finally {
    progress.stop()
    endSignals()
  }
  tell(ingest, (performance.now() - started) / 1_000, flags)
  // Without --once there is no other way to end it.
  return interrupted && flags.once ? EXIT.interrupted : EXIT.ok
}

const tell = (ingest: Ingest, elapsed: number, { json }: IngestFlags): void => {
  const added = ingest.added()
  if (json) console.log(JSON.stringify({ ...added, seconds: Number(elapsed.toFixed(3)) }))
  const rate = Math.round(added.events / elapsed)
  note(
    `Added ${numberOf(added.runs)} runs with ${numberOf(added.events)} events (${numberOf(added.rawEvents)} before ` +
      `deltas were joined) in ${elapsed.toFixed(1)} s, ${numberOf(rate)} events/s.`,
  )
  if (added.repeated > 0) note(`${numberOf(added.repeated)} ends were told again and left out.`)
  if (added.skipped > 0) note(`${numberOf(added.skipped)} records could not be read and were left out.`)
}

const HELP = `
One process at a time writes into a folder. It may be killed at any time: no row is lost or doubled.

Examples:
  $ kar analytics ingest
  $ kar analytics ingest --once --dir ./tables
  $ kar analytics ingest --flush-interval 10`
