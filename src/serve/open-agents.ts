import { type LiveAgents, openAgentsFile } from '../agents/config/registry.ts'
import { type Logger, stderrLogger } from '../logger.ts'
import { loadAgents } from './agents-module.ts'
import { agentsSource, isAgentsFile } from './agents-source.ts'

/**
 * The agents of a file, which may change, or of a module, which does not.
 * @throws RunnerError CONFIG_INVALID, AGENTS_MODULE_INVALID
 */
export const openAgents = async (
  named: string | undefined,
  env: NodeJS.ProcessEnv,
  logger: Logger = stderrLogger,
): Promise<LiveAgents> => {
  const source = agentsSource(named)
  if (source !== undefined && isAgentsFile(source)) return openAgentsFile({ path: source, env, logger })
  const agents = await loadAgents(source)
  return { where: source ?? 'the demo', current: () => agents, watch: () => {}, stop: () => {} }
}
