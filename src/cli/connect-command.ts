import type { Command } from 'commander'
import type { KafkaAgentRunner } from '../runner/kafka-agent-runner.ts'
import { createJsonPrinter, createReadablePrinter } from './event-printer.ts'
import { EXIT } from './exit-code.ts'
import { withRunner } from './session.ts'
import { addKafkaFlags, type KafkaFlags } from './settings.ts'
import { note } from './terminal.ts'
import { watch } from './watch.ts'

interface ConnectFlags extends KafkaFlags {
  follow?: boolean
  json?: boolean
}

export const addConnectCommand = (program: Command): void => {
  const command = program
    .command('connect')
    .description('show a thread from its beginning, and the run that goes on')
    .argument('<thread>', 'thread id')
    .option('-f, --follow', 'stay when no run goes on, and show later ones')
    .option('--json', 'one event a line')
    .addHelpText('after', HELP)
    .action(async (threadId: string, flags: ConnectFlags) => {
      process.exitCode = await withRunner(flags, (runner) => show(runner, threadId, flags))
    })
  addKafkaFlags(command)
}

const show = async (runner: KafkaAgentRunner, threadId: string, flags: ConnectFlags): Promise<number> => {
  const { follow, json } = flags
  const status = await runner.status(threadId)
  if (status === undefined) note(`There is no thread ${JSON.stringify(threadId)} yet.`)
  const printer = json ? createJsonPrinter(process.stdout) : createReadablePrinter(process.stdout)
  const watched = await watch(runner.connect({ threadId, follow }), printer.print)
  printer.end()
  return watched.how === 'completed' || follow ? EXIT.ok : EXIT.interrupted
}

const HELP = `
Examples:
  $ kar connect hello
  $ kar connect hello --follow
  $ kar connect hello --json | jq -r 'select(.type == "TEXT_MESSAGE_CONTENT").delta'`
