import type { Command } from 'commander'
import { addAgentsCheckCommand } from './agents-check-command.ts'
import { addAgentsListCommand } from './agents-list-command.ts'

export const addAgentsCommand = (program: Command): void => {
  const command = program
    .command('agents')
    .description('the agents that are configured, and whether they would work')
    .helpCommand(false)
    .addHelpText('after', HELP)
  addAgentsListCommand(command)
  addAgentsCheckCommand(command)
}

const HELP = `
They are those of "kar serve" and "kar worker": of the file or module that --agents or KAR_AGENTS names, else of
agents.yaml in this folder ("kar init" writes one; docs/agents.md), else the demo.

Examples:
  $ kar agents ls
  $ kar agents check
  $ kar agents check support`
