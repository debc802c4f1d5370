import { type Command, InvalidArgumentError } from 'commander'
import { map, tap } from 'rxjs'
import { messageOf } from '../errors.ts'
import { parseCursor } from '../runner/cursor.ts'
import type { KafkaAgentRunner } from '../runner/kafka-agent-runner.ts'
import { createJsonPrinter, createReadablePrinter } from './event-printer.ts'
import { EXIT } from './exit-code.ts'
import { withRunner } from './session.ts'
import { addKafkaFlags, type KafkaFlags } from './settings.ts'
import { KAR, note, quoted } from './terminal.ts'
import { watch } from './watch.ts'

interface ConnectFlags extends KafkaFlags {
  after?: string
  follow?: boolean
  json?: boolean
}

export const addConnectCommand = (program: Command): void => {
  const command = program
    .command('connect')
    .description('show a thread from its beginning, and the run that goes on')
    .argument('<thread>', 'thread id')
    .option('--after <cursor>', 'leave out what came up to there: a seq, or the cursor of an event', cursor)
    .option('-f, --follow', 'stay when no run goes on, and show later ones')
    .option('--json', 'one event a line')
    .addHelpText('after', HELP)
    .action(async (threadId: string, flags: ConnectFlags) => {
      process.exitCode = await withRunner(flags, (runner) => show(runner, threadId, flags))
    })
  addKafkaFlags(command)
}

const cursor = (text: string): string => {
  try {
    parseCursor(text)
  } catch (error) {
    throw new InvalidArgumentError(messageOf(error))
  }
  return text
}

const show = async (runner: KafkaAgentRunner, threadId: string, flags: ConnectFlags): Promise<number> => {
  const { after, follow, json } = flags
  const status = await runner.status(threadId)
  if (status === undefined) note(`There is no thread ${JSON.stringify(threadId)} yet.`)
  const printer = json ? createJsonPrinter(process.stdout) : createReadablePrinter(process.stdout)
  let reached = after
  const events = runner.read({ threadId, after, follow }).pipe(
    tap(({ cursor }) => {
      reached = cursor
    }),
    map(({ event }) => event),
  )
  const watched = await watch(events, printer.print)
  printer.end()
  if (watched.how === 'interrupted' && reached !== undefined)
    note(`Go on from there: ${KAR} connect ${quoted(threadId)} --after ${reached}`)
  return watched.how === 'completed' || follow ? EXIT.ok : EXIT.interrupted
}

const HELP = `
Examples:
  $ kar connect hello
  $ kar connect hello --follow
  $ kar connect hello --after 57
  $ kar connect hello --json | jq -r 'select(.type == "TEXT_MESSAGE_CONTENT").delta'`
