import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { extname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
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
  const url = locate(name)
  try {
    return await import(url)
  } catch (error) {
    throw invalid(name, `loading it failed: ${messageOf(error)}`, undefined, error)
  }
}

/** A path counts from the working folder; another name is a package that is installed there. */
const locate = (name: string): string => {
  if (name.startsWith('file:')) return name
  const path = resolve(name)
  if (existsSync(path)) return pathToFileURL(path).href
  if (/^[./]/.test(name)) throw invalid(name, `there is no file ${path}`)
  try {
    return pathToFileURL(createRequire(join(process.cwd(), 'resolve.js')).resolve(name)).href
  } catch (error) {
    throw invalid(name, `there is neither a file ${path} nor a package "${name}"`, undefined, error)
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

/** By what it can do, not by its class: a user's @ag-ui/client may be another copy than ours. */
const makerProblem = (source: unknown): string | undefined => {
  if (typeof source === 'function') {
    const isClass = /^class\b/.test(Function.prototype.toString.call(source))
    return isClass ? 'a class; register an instance, or a function that makes one: () => new …' : undefined
  }
  const agent = source as Partial<Record<'run' | 'runAgent' | 'clone', unknown>> | null
  const able = [agent?.run, agent?.runAgent, agent?.clone].every((method) => typeof method === 'function')
  return able ? undefined : `${kindOf(source)}, neither an AbstractAgent nor a function that makes one`
}

const kindOf = (value: unknown): string =>
  value === null
    ? 'null'
    : Array.isArray(value)
      ? 'an array'
      : typeof value === 'object'
        ? 'an object'
        : typeof value

const invalid = (name: string, problem: string, example?: string, cause?: unknown): RunnerError =>
  new RunnerError(
    'AGENTS_MODULE_INVALID',
    `The agents module ${name} cannot be used: ${problem}.${example ? ` Write for example: ${example}` : ''}`,
    { cause },
  )
