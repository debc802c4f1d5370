import type { AbstractAgent } from '@ag-ui/client'
import type { Command } from '../command/command.ts'
import { messageOf, RunnerError } from '../errors.ts'

/** An agent to clone for each run, or a function that makes one for each run. */
export type AgentMaker = AbstractAgent | (() => AbstractAgent | Promise<AbstractAgent>)

/** An agent with what its workers should know of it. */
export interface AgentDefinition {
  agent: AgentMaker
  /** The pool of workers that execute it. @default none: workers without a pool */
  pool?: string
  /**
   * What becomes of its run when its worker is lost: `fail` ends it with WORKER_LOST, `restart` runs the agent
   * again, which has to bear that it may act twice. @default 'fail'
   */
  onWorkerLost?: 'fail' | 'restart'
}

export type AgentSource = AgentMaker | AgentDefinition

/** What a worker can execute, by agent id. */
export type Agents = Record<string, AgentSource>

/** The same, or a function that gives what it is at the moment: asked for each command, so it may change meanwhile. */
export type AgentRegistry = Agents | (() => Agents)

/** Instances given to `run()` in this process, by command: the very instance is what runs. */
export type LocalAgents = Map<string, AbstractAgent>

/** What of a command an agent is made for. */
export type AgentRequest = Pick<Command, 'threadId' | 'agentId' | 'input' | 'headers'> & {
  commandId?: string
}

/** By what it has, not by its class: a user's @ag-ui/client may be another copy than ours. */
export const definitionOf = (source: AgentSource): AgentDefinition =>
  typeof source === 'object' && 'agent' in source && !('runAgent' in source)
    ? source
    : { agent: source as AgentMaker }

/** The pools of the agents that name one. */
export const poolsOf = (agents: Agents): Record<string, string> =>
  Object.fromEntries(
    Object.entries(agents).flatMap(([agentId, source]) => {
      const { pool } = definitionOf(source)
      return pool === undefined ? [] : [[agentId, pool]]
    }),
  )

export const agentsNow = (registry: AgentRegistry): Agents =>
  typeof registry === 'function' ? registry() : registry

/** The agents of a pool, or those that are in none. */
export const agentsOfPool = (agents: Agents, pool: string | undefined): Agents =>
  Object.fromEntries(Object.entries(agents).filter(([, source]) => definitionOf(source).pool === pool))

/** Whether a lost worker's run of the agent is run again here. */
export const restarts = (agents: Agents, agentId: string): boolean => {
  const source = Object.hasOwn(agents, agentId) ? agents[agentId] : undefined
  return source !== undefined && definitionOf(source).onWorkerLost === 'restart'
}

/**
 * The agent for a command, ready to run.
 * @throws RunnerError UNKNOWN_AGENT
 */
export const agentFor = async (
  command: AgentRequest,
  agents: Agents,
  local?: LocalAgents,
): Promise<AbstractAgent> => {
  const given = local?.get(command.commandId ?? '')
  if (given !== undefined) {
    // AG-UI takes the thread from the agent, not from the input: that of run() is meant.
    given.threadId = command.threadId
    return given
  }
  const source = Object.hasOwn(agents, command.agentId) ? agents[command.agentId] : undefined
  if (source === undefined) {
    throw new RunnerError(
      'UNKNOWN_AGENT',
      `No agent "${command.agentId}" is registered on this worker, which has ${listed(Object.keys(agents))}. ` +
        'Add it to agents.yaml or the agents module, or route the run to a worker that has it.',
    )
  }
  const agent = await makeAgent(command.agentId, source)
  agent.agentId = command.agentId
  agent.threadId = command.threadId
  agent.setMessages(command.input.messages)
  agent.setState(command.input.state ?? {})
  forwardHeaders(agent, command.headers)
  return agent
}

const makeAgent = async (agentId: string, source: AgentSource): Promise<AbstractAgent> => {
  const { agent } = definitionOf(source)
  try {
    return typeof agent === 'function' ? await agent() : agent.clone()
  } catch (error) {
    throw new RunnerError('UNKNOWN_AGENT', `Agent "${agentId}" could not be made: ${messageOf(error)}.`, {
      cause: error,
    })
  }
}

/** HttpAgent and its kind have `headers`; what came with the command is added to their own. */
const forwardHeaders = (agent: AbstractAgent, headers: Record<string, string>): void => {
  if (Object.keys(headers).length === 0) return
  const target = agent as { headers?: Record<string, string> }
  target.headers = { ...target.headers, ...headers }
}

const listed = (names: string[]): string =>
  names.length === 0 ? 'none' : names.map((name) => JSON.stringify(name)).join(', ')
