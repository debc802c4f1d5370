import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { importModule, kindOf, makerProblem } from '../agents/module/import-module.ts'
import { messageOf, RunnerError } from '../errors.ts'
import type { Agents } from '../worker/agents.ts'

/** The registry that comes with the package: TypeScript in a checkout, JavaScript in `dist`. */
const DEFAULT_MODULE = fileURLToPath(
  new URL(`../../consumers/agents${extname(import.meta.filename)}`, import.meta.url),
)

/**
 * The agents that a module registers: its export `agents`, else its default export, an object of agents or of
 * functions that make one.
 * @throws RunnerError AGENTS_MODULE_INVALID
 */
export const loadAgents = async (name: string = DEFAULT_MODULE): Promise<Agents> => {
  const module = await load(name)
  const agents = module.agents ?? module.default
  if (agents === undefined) {
    throw invalid(
      name,
      'it exports neither "agents" nor a default',
      'export default { support: () => new … }',
    )
  }
  if (typeof agents !== 'object' || agents === null || Array.isArray(agents)) {
    throw invalid(name, `its export is ${kindOf(agents)}, not an object of agents by id`)
  }
  const entries = Object.entries(agents)
  if (entries.length === 0) throw invalid(name, 'its registry is empty')
  for (const [agentId, source] of entries) {
    const problem = problemOf(source)
    if (problem !== undefined) throw invalid(name, `agent "${agentId}" is ${problem}`)
  }
  return agents as Agents
}

const load = async (name: string): Promise<Record<string, unknown>> => {
  try {
    return await importModule(name, process.cwd())
  } catch (error) {
    throw invalid(name, messageOf(error), undefined, error)
  }
}

const problemOf = (source: unknown): string | undefined => {
  const isDefinition =
    typeof source === 'object' && source !== null && 'agent' in source && !('runAgent' in source)
  if (!isDefinition) return makerProblem(source)
  const { agent, pool, onWorkerLost = 'fail', ...unknown } = source as Record<string, unknown>
  const [field] = Object.keys(unknown)
  if (field !== undefined) return `a definition with the unknown field "${field}"`
  if (pool !== undefined && typeof pool !== 'string') return `in a pool that is ${kindOf(pool)}, not a name`
  if (onWorkerLost !== 'fail' && onWorkerLost !== 'restart')
    return 'a definition whose onWorkerLost is neither "fail" nor "restart"'
  return makerProblem(agent)
}

const invalid = (name: string, problem: string, example?: string, cause?: unknown): RunnerError =>
  new RunnerError(
    'AGENTS_MODULE_INVALID',
    `The agents module ${name} cannot be used: ${problem}.${example ? ` Write for example: ${example}` : ''}`,
    { cause },
  )
