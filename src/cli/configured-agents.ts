import { dirname, resolve } from 'node:path'
import type { Command } from 'commander'
import type { AgentsFile } from '../agents/config/file.ts'
import { commandLineConfig } from '../config.ts'
import { agentsSource, isAgentsFile } from '../serve/agents-source.ts'
import type { Agents } from '../worker/agents.ts'
import { AGENTS_HELP } from './settings.ts'

export interface AgentsFlags {
  agents?: string
  json?: boolean
}

export const addAgentsFlags = (command: Command): Command =>
  command.option('--agents <file>', AGENTS_HELP).option('--json', 'one JSON object an agent')

/** A file with agents, or a module with them. */
export type ConfiguredAgents =
  | { file: AgentsFile; folder: string }
  | { agents: Agents /** The module; for people. */; where: string }

/**
 * The agents that `kar serve` and `kar worker` would have.
 * @throws RunnerError CONFIG_INVALID, AGENTS_MODULE_INVALID
 */
export const configuredAgents = async (flags: AgentsFlags): Promise<ConfiguredAgents> => {
  const named = flags.agents !== undefined && { agents: flags.agents }
  const source = agentsSource(commandLineConfig({ ...named }, process.env).agents)
  if (source !== undefined && isAgentsFile(source)) {
    const { readAgentsFile } = await import('../agents/config/file.ts')
    return { file: await readAgentsFile(source, process.env), folder: dirname(resolve(source)) }
  }
  const { loadAgents } = await import('../serve/agents-module.ts')
  return { agents: await loadAgents(source), where: source ?? 'the demo' }
}
