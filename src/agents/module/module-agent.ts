import type { AbstractAgent, AgentConfig } from '@ag-ui/client'
import type { AgentMaker } from '../../worker/agents.ts'
import { importModule, isAgent, kindOf, makerProblem } from './import-module.ts'
import type { ModuleSettings } from './settings.ts'

type Made = AbstractAgent | (() => AbstractAgent | Promise<AbstractAgent>)

/** What a module exports where it takes settings. What `defineAgent` gives may be its answer, too. */
export type AgentFactory = (settings: Record<string, unknown>, config: AgentConfig) => Made | Promise<Made>

/**
 * What makes the agents of a module's export. The module is loaded once for the life of the process: a changed file
 * of it is another matter than changed settings.
 * @throws Error whose message names the module and what is wrong with it
 */
export const moduleAgent = async (
  { module: name, export: exported, settings }: ModuleSettings,
  config: AgentConfig,
  folder: string,
): Promise<AgentMaker> => {
  const fail = (problem: string): never => {
    throw new Error(`The module ${name} cannot be used: ${problem}.`)
  }
  const module = await importModule(name, folder).catch((error: Error) => fail(error.message))
  const source = module[exported]
  if (source === undefined) fail(`it exports no "${exported}"; it has ${listed(Object.keys(module))}`)
  const problem = makerProblem(source)
  if (problem !== undefined) fail(`its export "${exported}" is ${problem}`)
  if (typeof source !== 'function') return named(source as AbstractAgent, config)
  return async () => {
    const made = await (source as AgentFactory)(settings, config)
    const agent = typeof made === 'function' ? await made() : made
    if (!isAgent(agent)) fail(`its export "${exported}" made ${kindOf(agent)}, not an AbstractAgent`)
    return named(agent, config)
  }
}

/** What its own code says of it counts. */
const named = (agent: AbstractAgent, { description = '' }: AgentConfig): AbstractAgent => {
  if (!agent.description) agent.description = description
  return agent
}

const listed = (names: string[]): string => (names.length === 0 ? 'no exports' : names.join(', '))
