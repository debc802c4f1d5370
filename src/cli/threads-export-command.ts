import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Command, CommanderError, Option } from 'commander'
import type { Reader } from '../reader.ts'
import { onSignals } from '../serve/signals.ts'
import type { ExportProgress, TextFormat } from '../threads/export-text.ts'
import { EXIT } from './exit-code.ts'
import { withReader } from './session.ts'
import { addKafkaFlags, type KafkaFlags } from './settings.ts'
import { numberOf } from './table.ts'
import { complaint, note } from './terminal.ts'

interface ExportFlags extends KafkaFlags {
  all?: boolean
  format: TextFormat | 'parquet'
  out?: string
}

/** How often it says how far it is. */
const PROGRESS_MS = 2_000

export const addThreadsExportCommand = (threads: Command): void => {
  const command = threads
    .command('export')
    .description('write a thread, or all of them, as JSON lines, Markdown or Parquet')
    .argument('[thread]', 'thread id')
    .option('--all', 'every thread of the directory, the oldest first')
    .addOption(new Option('--format <format>', 'how').choices(['jsonl', 'md', 'parquet']).default('jsonl'))
    .option('-o, --out <file>', 'file to write, which is there when it is whole (default: standard output)')
    .addHelpText('after', HELP)
    .action(async (threadId: string | undefined, flags: ExportFlags) => {
      if ((threadId === undefined) === (flags.all !== true))
        throw usage('Name a thread, or all of them with --all.')
      if (flags.format === 'parquet' && flags.out === undefined)
        throw usage('A Parquet file is not written to a terminal or pipe. Name a file with --out.')
      process.exitCode = await withReader(flags, (reader) => exportThreads(reader, threadId, flags))
    })
  addKafkaFlags(command)
}

const usage = (message: string): CommanderError => {
  console.error(complaint(message))
  return new CommanderError(EXIT.usage, 'kar.export', message)
}

const exportThreads = async (
  reader: Reader,
  threadId: string | undefined,
  { format, out }: ExportFlags,
): Promise<number> => {
  const [{ exportText }, { exportFile }] = await Promise.all([
    import('../threads/export-text.ts'),
    import('../threads/export-file.ts'),
  ])
  const stopping = new AbortController()
  const { signal } = stopping
  const release = onSignals(
    () => stopping.abort(),
    () => process.exit(EXIT.interrupted),
  )
  try {
    const threadIds = threadId === undefined ? await allThreads(reader) : [threadId]
    let done: ExportProgress = { threads: 0, events: 0, gone: 0 }
    const report = progressOf(threadIds.length)
    const text = exportText(reader, threadIds, format === 'md' ? 'md' : 'jsonl', (progress) => {
      done = progress
      report(progress)
    })
    if (out !== undefined)
      await exportFile(text, out, {
        parquet: format === 'parquet',
        signal,
        keep: () => threadId === undefined || done.threads > 0,
      })
    else await pipeline(Readable.from(text), process.stdout, { end: false, signal })
    return outcome(done, threadId, out)
  } catch (error) {
    if (!signal.aborted) throw error
    note(out === undefined ? 'Ended before its end.' : `Ended before its end: there is no ${out}.`)
    return EXIT.interrupted
  } finally {
    release()
  }
}

const allThreads = async (reader: Reader): Promise<string[]> => {
  const { readDirectory } = await import('../threads/directory.ts')
  const { threads } = await readDirectory(reader)
  return threads.sort((one, other) => one.createdAt - other.createdAt).map(({ threadId }) => threadId)
}

const outcome = ({ threads, gone }: ExportProgress, threadId: string | undefined, out?: string): number => {
  if (threadId !== undefined && threads === 0) {
    note(`There is no thread ${JSON.stringify(threadId)}.`)
    return EXIT.failed
  }
  if (gone > 0) note(`${numberOf(gone)} threads of the directory have no log any more, and are left out.`)
  if (out !== undefined) note(`Wrote ${numberOf(threads)} ${threads === 1 ? 'thread' : 'threads'} to ${out}.`)
  return EXIT.ok
}

/** On standard error, now and then: a short export says nothing. */
const progressOf = (total: number): ((progress: ExportProgress) => void) => {
  let saidAt = performance.now()
  return ({ threads, events, gone }) => {
    if (performance.now() - saidAt < PROGRESS_MS) return
    saidAt = performance.now()
    note(`${numberOf(threads + gone)} of ${numberOf(total)} threads, ${numberOf(events)} events`)
  }
}

const HELP = `
jsonl    one event a line: threadId, runId, agentId, seq, time (milliseconds since 1970, null where it was not
         kept), type, event. Deltas that were joined are given as they came.
md       what was said, for people
parquet  the same rows as jsonl, as thread_id, run_id, agent_id, seq, time, type, event; needs the package
         @duckdb/node-api

Examples:
  $ kar threads export hello > hello.jsonl
  $ kar threads export hello --format md --out hello.md
  $ kar threads export --all --format parquet --out threads.parquet`
