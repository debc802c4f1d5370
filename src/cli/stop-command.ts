import type { Command } from 'commander'
import { EXIT } from './exit-code.ts'
import { withRunner } from './session.ts'
import { addKafkaFlags, type KafkaFlags } from './settings.ts'

interface StopFlags extends KafkaFlags {
  run?: string
}

export const addStopCommand = (program: Command): void => {
  const command = program
    .command('stop')
    .description("stop a thread's run, in whichever process it goes on")
    .argument('<thread>', 'thread id')
    .option('-r, --run <id>', 'only if it is this run')
    .addHelpText('after', HELP)
    .action(async (threadId: string, flags: StopFlags) => {
      const runId = flags.run
      const stopped = await withRunner(flags, (runner) => runner.stop({ threadId, runId }))
      console.log(outcome(stopped, threadId, runId))
      process.exitCode = stopped === true ? EXIT.ok : EXIT.failed
    })
  addKafkaFlags(command)
}

const outcome = (stopped: boolean | undefined, threadId: string, runId: string | undefined): string => {
  const thread = `thread ${JSON.stringify(threadId)}`
  if (stopped === true) return `Stopped the run of ${thread}.`
  if (stopped === undefined) return `Told the run of ${thread} to stop, but did not see it end in time.`
  return runId === undefined
    ? `No run of ${thread} is going on.`
    : `Run ${JSON.stringify(runId)} of ${thread} is not going on.`
}

const HELP = `
Exits with 0 when a run was stopped by this, else with 1.

Examples:
  $ kar stop hello
  $ kar stop hello --run 5be0f2a4-7a19-4a53-9b9d-0c8c4cf8f7c1`
