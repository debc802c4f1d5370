import type { AbstractAgent } from '@ag-ui/client'
import type { RequestHandler } from 'express'
import { messageOf, RunnerError } from '../errors.ts'
import { type Logger, stderrLogger } from '../logger.ts'
import type { KafkaAgentRunner } from '../runner/kafka-agent-runner.ts'
import { type AgentRegistry, type Agents, agentsNow, definitionOf } from '../worker/agents.ts'

export const COPILOTKIT_PATH = '/api/copilotkit'

/**
 * CopilotKit's runtime on our runner; undefined where @copilotkit/runtime, an optional peer, is not installed.
 * Its own CORS is left out: the server has one rule for all.
 */
export const createCopilotKit = async (
  runner: KafkaAgentRunner,
  agents: AgentRegistry,
  logger: Logger = stderrLogger,
): Promise<RequestHandler | undefined> => {
  // Its telemetry reports to its makers about every run. Nobody who starts this server was asked; whoever sets
  // the variable decides otherwise. It is read while the module is loaded.
  process.env.COPILOTKIT_TELEMETRY_DISABLED ??= 'true'
  const modules = await load()
  if (modules === undefined) return undefined
  const [{ CopilotRuntime }, { createCopilotExpressHandler }] = modules
  const instances = await createInstances(agents, logger)
  const runtime = new CopilotRuntime({ agents: instances, runner })
  return createCopilotExpressHandler({ runtime, basePath: COPILOTKIT_PATH, cors: false })
}

const load = async () => {
  try {
    return await Promise.all([import('@copilotkit/runtime/v2'), import('@copilotkit/runtime/v2/express')])
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ERR_MODULE_NOT_FOUND' && message.includes("'@copilotkit/runtime'")) return undefined
    throw error
  }
}

/** Made anew when the agents are others; what cannot be made leaves those that were. */
const createInstances = async (agents: AgentRegistry, logger: Logger) => {
  let from = agentsNow(agents)
  let instances = await instancesOf(from)
  return async (): Promise<Record<string, AbstractAgent>> => {
    const now = agentsNow(agents)
    if (now === from) return instances
    from = now
    try {
      instances = await instancesOf(now)
    } catch (error) {
      logger.error('CopilotKit goes on with the agents that it had', { error: messageOf(error) })
    }
    return instances
  }
}

/** CopilotKit wants instances: it clones one for each request, asks it for a description and makes suggestions with it. */
const instancesOf = async (agents: Agents): Promise<Record<string, AbstractAgent>> => {
  const entries = Object.entries(agents).map(async ([agentId, source]) => {
    const { agent } = definitionOf(source)
    try {
      return [agentId, typeof agent === 'function' ? await agent() : agent] as const
    } catch (error) {
      throw new RunnerError(
        'AGENTS_MODULE_INVALID',
        `Agent "${agentId}" could not be made: ${messageOf(error)}. Correct its entry in the agents module or file.`,
        { cause: error },
      )
    }
  })
  return Object.fromEntries(await Promise.all(entries))
}
