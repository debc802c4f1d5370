import type { AbstractAgent } from '@ag-ui/client'
import type { Command } from '../command/command.ts'
import { messageOf, RunnerError } from '../errors.ts'

/** An agent to clone for each run, or a function that makes one for each run. */
export type AgentSource = AbstractAgent | (() => AbstractAgent | Promise<AbstractAgent>)

/** What a worker can execute, by agent id. */
export type Agents = Record<string, AgentSource>

/** Instances given to `run()` in this process, by command: the very instance is what runs. */
export type LocalAgents = Map<string, AbstractAgent>

/** What of a command an agent is made for. */
export type AgentRequest = Pick<Command, 'threadId' | 'agentId' | 'input' | 'headers'> & {
  commandId?: string
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
  if (given !== undefined) return given
  const source = Object.hasOwn(agents, command.agentId) ? agents[command.agentId] : undefined
  if (source === undefined) {
    throw new RunnerError(
      'UNKNOWN_AGENT',
      `No agent "${command.agentId}" is registered on this worker, which has ${listed(Object.keys(agents))}. ` +
        'Register it in consumers/agents.ts, or route the run to a worker that has it.',
    )
  }
  const agent = await make(command.agentId, source)
  agent.agentId = command.agentId
  agent.threadId = command.threadId
  agent.setMessages(command.input.messages)
  agent.setState(command.input.state ?? {})
  forwardHeaders(agent, command.headers)
  return agent
}

const make = async (agentId: string, source: AgentSource): Promise<AbstractAgent> => {
  try {
    return typeof source === 'function' ? await source() : source.clone()
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
