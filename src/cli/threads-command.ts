import { type Command, InvalidArgumentError, Option } from 'commander'
import { THREAD_STATUSES, type ThreadEntry } from '../threads/thread-entry.ts'
import type { Turn } from '../threads/transcript.ts'
import { EXIT } from './exit-code.ts'
import { withReader } from './session.ts'
import { addKafkaFlags, type KafkaFlags } from './settings.ts'
import { printThread } from './status-command.ts'
import { numberOf, printTable, timeOf } from './table.ts'
import { note } from './terminal.ts'
import { type Format, TextColumn } from './text-column.ts'
import { addThreadsExportCommand } from './threads-export-command.ts'

interface ListFlags extends KafkaFlags {
  agent?: string
  status?: ThreadEntry['status']
  limit: number
  json?: boolean
}

interface ShowFlags extends KafkaFlags {
  json?: boolean
}

export const addThreadsCommand = (program: Command): void => {
  const threads = program
    .command('threads')
    .description('list threads, read one, export them')
    .helpCommand(false)
    .addHelpText('after', HELP)
  addList(threads)
  addShow(threads)
  addThreadsExportCommand(threads)
}

const addList = (threads: Command): void => {
  const command = threads
    .command('ls')
    .description('list the threads, those that changed last first')
    .option('-a, --agent <id>', 'only those whose last run was by this agent')
    .addOption(new Option('--status <status>', 'only those whose last run is so').choices(THREAD_STATUSES))
    .option('--limit <count>', 'this many at most', count, 50)
    .option('--json', 'one thread a line, as JSON')
    .addHelpText('after', LIST_HELP)
    .action(async (flags: ListFlags) => {
      const { threads, foreign, problem } = await withReader(flags, async (reader) => {
        const { readDirectory } = await import('../threads/directory.ts')
        return readDirectory(reader, { agentId: flags.agent, status: flags.status })
      })
      if (foreign > 0)
        note(
          `${numberOf(foreign)} of the directory's entries left out. One of them cannot be read: ${problem}.`,
        )
      const shown = threads.slice(0, flags.limit)
      if (flags.json) for (const thread of shown) console.log(JSON.stringify(thread))
      else if (shown.length > 0) printList(shown)
      if (threads.length === 0) note('There are no such threads.')
      if (threads.length > shown.length)
        note(`${numberOf(threads.length - shown.length)} more: --limit ${threads.length} shows all.`)
    })
  addKafkaFlags(command)
}

const printList = (threads: ThreadEntry[]): void => {
  const rows = threads.map(({ threadId, agentId, status, runs, seq, createdAt, updatedAt }) => [
    threadId,
    agentId,
    status,
    numberOf(runs),
    numberOf(seq),
    timeOf(createdAt),
    timeOf(updatedAt),
  ])
  printTable(['THREAD', 'AGENT', 'STATUS', 'RUNS', 'EVENTS', 'CREATED', 'UPDATED'], rows, ['RUNS', 'EVENTS'])
}

const addShow = (threads: Command): void => {
  const command = threads
    .command('show')
    .description("a thread's runs and messages, as they are now")
    .argument('<thread>', 'thread id')
    .option('--json', 'as JSON: runs, messages and state')
    .addHelpText('after', SHOW_HELP)
    .action(async (threadId: string, flags: ShowFlags) => {
      const { readThread } = await import('../threads/thread-runs.ts')
      const thread = await withReader(flags, (reader) => readThread(reader, threadId))
      if (thread === undefined) {
        note(`There is no thread ${JSON.stringify(threadId)}.`)
        process.exitCode = EXIT.failed
        return
      }
      const [{ applied }, { threadStatus }, { turnsOf }] = await Promise.all([
        import('../run/applied.ts'),
        import('../runner/thread-status.ts'),
        import('../threads/transcript.ts'),
      ])
      const { messages, state } = await applied(thread.runs.map(({ events }) => events))
      const status = threadStatus(threadId, thread)
      if (flags.json) console.log(JSON.stringify({ ...status, messages, state }))
      else {
        printThread(status)
        console.log()
        printTurns(turnsOf(messages))
      }
    })
  addKafkaFlags(command)
}

const LOOKS: Record<Turn['who'], [heading: string, head: Format, text: Format]> = {
  user: ['you', 'bold', 'bold'],
  agent: ['agent', ['bold', 'cyan'], 'reset'],
  thinking: ['thinking', 'dim', 'dim'],
  tool: ['tool', 'yellow', 'dim'],
  result: ['', 'dim', 'dim'],
  system: ['system', 'dim', 'dim'],
  activity: ['activity', 'dim', 'dim'],
}

const printTurns = (turns: Turn[]): void => {
  const column = new TextColumn(process.stdout)
  for (const { who, text } of turns) {
    const [heading, head, format] = LOOKS[who]
    column.begin(heading, head)
    column.write(who === 'result' ? `→ ${text}` : text, format)
    column.end()
  }
}

const count = (text: string): number => {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It is a whole number, 1 or more.')
}

const HELP = `
Examples:
  $ kar threads ls
  $ kar threads show hello
  $ kar threads export hello --format md`

const LIST_HELP = `
From the directory, which tells of each thread at the start and end of its runs.

Examples:
  $ kar threads ls
  $ kar threads ls --agent support --status failed
  $ kar threads ls --limit 1000 --json | jq -r .threadId`

const SHOW_HELP = `
The messages are what a client has of the thread; of a run that goes on, what there is so far. Exits with 1 when
there is no such thread.

Examples:
  $ kar threads show hello
  $ kar threads show hello --json | jq .state`
