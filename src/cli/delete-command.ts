import type { Command } from 'commander'
import { EXIT } from './exit-code.ts'
import { withRunner } from './session.ts'
import { addKafkaFlags, type KafkaFlags } from './settings.ts'
import { note } from './terminal.ts'

export const addDeleteCommand = (program: Command): void => {
  const command = program
    .command('delete')
    .description('delete a thread for good, its run and its log')
    .argument('<thread>', 'thread id')
    .addHelpText('after', HELP)
    .action(async (threadId: string, flags: KafkaFlags) => {
      const deleted = await withRunner(flags, (runner) => runner.deleteThread({ threadId }))
      const thread = JSON.stringify(threadId)
      if (deleted) console.log(`Deleted thread ${thread}.`)
      else note(`There is no thread ${thread}.`)
      process.exitCode = deleted ? EXIT.ok : EXIT.failed
    })
  addKafkaFlags(command)
}

const HELP = `
Does not ask, and cannot be undone. A run that goes on is stopped first. Exits with 1 when there is no such
thread, or when its run did not end.

Examples:
  $ kar delete hello`
