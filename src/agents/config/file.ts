import { readFile } from 'node:fs/promises'
import { messageOf, RunnerError } from '../../errors.ts'
import type { AgentEntry } from './agent-entry.ts'
import { type Replaced, withEnvironment } from './env.ts'
import { unknownField } from './issues.ts'
import { isInside, nameOf, type Path, type Problem } from './problem.ts'
import { readProviders } from './providers.ts'
import { commonSchema, entrySchemaOf, ID, ID_PROBLEM, isCommon } from './schema.ts'
import { AGENT_TYPES } from './types.ts'
import { validate } from './validate.ts'
import { readYaml, toldProblems } from './yaml-text.ts'

export interface AgentsFile {
  path: string
  agents: AgentEntry[]
  /** By id. */
  providers: Record<string, unknown>
}

const FILE_CHARACTERS_MAX = 1_000_000
const FIELDS = ['providers', 'agents']
/** Under it the default agent is served too. */
export const DEFAULT_ID = 'default'

/** @throws RunnerError CONFIG_INVALID */
export const readAgentsFile = async (path: string, env: NodeJS.ProcessEnv): Promise<AgentsFile> =>
  parseAgentsFile(path, await textOf(path), env)

/** @throws RunnerError CONFIG_INVALID */
export const textOf = async (path: string): Promise<string> => {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new RunnerError('CONFIG_INVALID', `The agents file ${path} cannot be read: ${messageOf(error)}.`, {
      cause: error,
    })
  }
}

/** @throws RunnerError CONFIG_INVALID, which has all that is wrong, by line and field, and nothing of what stands there */
export const parseAgentsFile = async (
  path: string,
  text: string,
  env: NodeJS.ProcessEnv,
): Promise<AgentsFile> => {
  if (text.length > FILE_CHARACTERS_MAX)
    throw invalidFile(path, `it has more than ${FILE_CHARACTERS_MAX} characters.`)
  const yaml = await readYaml(text)
  if (yaml.problems.length > 0) throw invalidFile(path, toldProblems(yaml.located(yaml.problems)))
  const { agents, providers, problems } = read(yaml.value, env)
  if (problems.length > 0) throw invalidFile(path, toldProblems(yaml.located(problems)))
  return { path, agents, providers }
}

/** The same for what is found later: a module that cannot be loaded, say. */
export const invalidFile = (path: string, problems: string): RunnerError =>
  new RunnerError(
    'CONFIG_INVALID',
    `The agents file ${path} is invalid:${problems.startsWith('\n') ? '' : ' '}${problems}`,
  )

interface Read extends Omit<AgentsFile, 'path'> {
  problems: Problem[]
}

const read = (content: unknown, env: NodeJS.ProcessEnv): Read => {
  const nothing = { agents: [], providers: {} }
  if (!isMap(content)) return { ...nothing, problems: [{ path: [], message: NO_AGENTS }] }
  const replaced = withEnvironment(content, env)
  const root = replaced.value as Record<string, unknown>
  const problems = Object.keys(root)
    .filter((field) => !FIELDS.includes(field))
    .map((field) => unknownField(field, FIELDS, [field]))
  const written = isMap(content.agents) ? content.agents : {}
  const read = mapIn(root, 'agents', problems).map(([id, entry]) =>
    readAgent(id, entry, (written[id] ?? {}) as Record<string, unknown>, replaced),
  )
  const agents = read.flatMap(({ entry }) => entry ?? [])
  const { providers, unused, ...ofProviders } = readProviders(
    mapIn(root, 'providers', problems),
    agents,
    replaced,
  )
  problems.push(...read.flatMap((each) => each.problems), ...ofProviders.problems)
  if (root.agents === undefined || root.agents === null) problems.push({ path: [], message: NO_AGENTS })
  else if (problems.length === 0 && !agents.some(({ enabled }) => enabled))
    problems.push({ path: ['agents'], message: 'none is enabled' })
  problems.push(...defaultProblems(agents))
  const off = agents.filter(({ enabled }) => !enabled).map(({ id }): Path => ['agents', id])
  return { agents, providers, problems: withUnset(problems, replaced, [...off, ...unused]) }
}

/** With the variables that are not set, but for what is off; what else is wrong because of them need not be told. */
const withUnset = (problems: readonly Problem[], replaced: Replaced, off: readonly Path[]): Problem[] => {
  const unset = replaced.problems.filter(({ path }) => !off.some((folder) => isInside(path, folder)))
  const places = new Set(unset.map(({ path }) => nameOf(path)))
  return [...unset, ...problems.filter(({ path }) => !places.has(nameOf(path)))]
}

const readAgent = (
  id: string,
  content: unknown,
  written: Record<string, unknown>,
  replaced: Replaced,
): { entry?: AgentEntry; problems: Problem[] } => {
  const at: Path = ['agents', id]
  if (!ID.test(id)) return { problems: [{ path: at, message: ID_PROBLEM }] }
  if (!isMap(content))
    return { problems: [{ path: at, message: 'it has to be a map with a type and settings' }] }
  const fields = Object.entries(content)
  const off = content.enabled === false || content.enabled === 'false'
  const schema = entrySchemaOf(content.type)
  const place = { at, replaced, fields: schema ?? {}, off }
  const own = Object.fromEntries(fields.filter(([field]) => isCommon(field)))
  const common = validate(own, commonSchema, { ...place, off: false })
  const type = AGENT_TYPES[String(content.type)]
  if (schema === undefined || type === undefined) return { problems: common.problems }
  const rest = Object.fromEntries(fields.filter(([field]) => !isCommon(field)))
  const settings = validate(rest, type.settings, place)
  const problems = [...common.problems, ...settings.problems]
  if (common.value === undefined) return { problems }
  return { entry: { id, ...common.value, settings: settings.value, written }, problems }
}

const defaultProblems = (agents: readonly AgentEntry[]): Problem[] => {
  const enabled = agents.filter((agent) => agent.enabled)
  const [first, ...more] = enabled.filter((agent) => agent.default)
  const named = enabled.find(({ id, default: is }) => id === DEFAULT_ID && !is)
  const problems = more.map(
    ({ id }): Problem => ({
      path: ['agents', id, 'default'],
      message: `one agent is the default, and "${first?.id}" is it already`,
    }),
  )
  if (first !== undefined && named !== undefined)
    problems.push({
      path: ['agents', first.id, 'default'],
      message: `an agent has the id "${DEFAULT_ID}", under which the default one is served; give it another id`,
    })
  return problems
}

const NO_AGENTS = 'it needs a map "agents", of agents by id; "kar init" writes an example'

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const mapIn = (root: Record<string, unknown>, field: string, problems: Problem[]): [string, unknown][] => {
  const value = root[field]
  if (value === undefined || value === null) return []
  if (isMap(value)) return Object.entries(value)
  problems.push({
    path: [field],
    message: `it has to be a map by id${Array.isArray(value) ? ', not a list' : ''}`,
  })
  return []
}
