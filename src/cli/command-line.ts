import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { Command, CommanderError } from 'commander'
import { addAgentsCommand } from './agents-command.ts'
import { addAnalyticsCommand } from './analytics-command.ts'
import { addBrokerCommand } from './broker-command.ts'
import { addConnectCommand } from './connect-command.ts'
import { addDeadLetterCommand } from './dead-letter-command.ts'
import { addDeleteCommand } from './delete-command.ts'
import { EXIT, exitCodeOf } from './exit-code.ts'
import { addInitCommand } from './init-command.ts'
import { addReplayCommand } from './replay-command.ts'
import { addRunCommand } from './run-command.ts'
import { addSchemasCommand } from './schemas-command.ts'
import { addServeCommand } from './serve-command.ts'
import { addStatusCommand } from './status-command.ts'
import { addStopCommand } from './stop-command.ts'
import { addTailCommand } from './tail-command.ts'
import { complain, complaint, endQuietlyOnClosedPipe, written } from './terminal.ts'
import { addThreadsCommand } from './threads-command.ts'
import { addTopicsCommand } from './topics-command.ts'
import { addTriggersCommand } from './triggers-command.ts'
import { filterWarnings } from './warnings.ts'
import { addWebhooksCommand } from './webhooks-command.ts'
import { addWorkerCommand } from './worker-command.ts'
import { addWorkersCommand } from './workers-command.ts'

/** Runs one command and gives the exit code of docs/cli.md. Never rejects. */
export const runCommandLine = async (args: string[]): Promise<number> => {
  filterWarnings()
  endQuietlyOnClosedPipe()
  try {
    await createProgram().parseAsync(args, { from: 'user' })
    return Number(process.exitCode ?? EXIT.ok)
  } catch (error) {
    // Commander has printed what it has to say.
    if (!(error instanceof CommanderError)) complain(error)
    return exitCodeOf(error)
  } finally {
    await written()
  }
}

const createProgram = (): Command => {
  const program = new Command('kar')
    .description('Talk to AG-UI agents through Kafka: threads that outlive every process.')
    .version(version(), '-v, --version', 'print the version')
    .helpCommand(false)
    .exitOverride()
    .showHelpAfterError(`Add --help to see how it is used.`)
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: (.*)/, printedError)) })
    .addHelpText('after', HELP)
  const add = [
    addServeCommand,
    addRunCommand,
    addConnectCommand,
    addStopCommand,
    addDeleteCommand,
    addStatusCommand,
    addReplayCommand,
    addThreadsCommand,
    addTailCommand,
    addDeadLetterCommand,
    addTopicsCommand,
    addWorkersCommand,
    addWorkerCommand,
    addInitCommand,
    addAgentsCommand,
    addBrokerCommand,
    addAnalyticsCommand,
    addSchemasCommand,
    addWebhooksCommand,
    addTriggersCommand,
  ]
  for (const addCommand of add) addCommand(program)
  return program
}

/** Commander's own complaints look like ours. */
const printedError = (_all: string, message: string): string => complaint(message)

const version = (): string => {
  const path = findPackageJSON(import.meta.url)
  return path === undefined ? 'unknown' : JSON.parse(readFileSync(path, 'utf8')).version
}

const HELP = `
Begin with:
  $ kar serve                                  a broker, a worker and the HTTP server
  $ kar run --thread hello "How does it work?" in a second terminal
  $ kar connect hello                          in a third: the same, from the log

Environment variables: docs/configuration.md. Exit codes: docs/cli.md.`
