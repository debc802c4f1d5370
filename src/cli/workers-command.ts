import type { Command } from 'commander'
import { addKafkaFlags } from './settings.ts'
import { type StatusFlags, showWorkers } from './status-command.ts'

export const addWorkersCommand = (program: Command): void => {
  const command = program
    .command('workers')
    .description('show the workers that are there, as kar status does without a thread')
    .option('--json', 'as JSON')
    .addHelpText('after', HELP)
    .action(async (flags: StatusFlags) => {
      process.exitCode = await showWorkers(flags)
    })
  addKafkaFlags(command)
}

const HELP = `
Exits with 1 when there is no worker.

Examples:
  $ kar workers
  $ kar workers --json | jq '.workers | length'`
