import { providerSettings } from '../providers/settings.ts'
import type { AgentEntry } from './agent-entry.ts'
import type { Replaced } from './env.ts'
import { jsonSchemaOf } from './known-fields.ts'
import { nearest } from './nearest.ts'
import type { Path, Problem } from './problem.ts'
import { ID, ID_PROBLEM } from './schema.ts'
import { AGENT_TYPES } from './types.ts'
import { validate } from './validate.ts'

export interface ReadProviders {
  /** By id; those that nobody uses may be missing. */
  providers: Record<string, unknown>
  problems: Problem[]
  /** Those that no enabled agent uses: they may be unfinished. */
  unused: Path[]
}

/** The chat providers of a file, and whether those are there that agents name. */
export const readProviders = (
  entries: readonly (readonly [string, unknown])[],
  agents: readonly AgentEntry[],
  replaced: Replaced,
): ReadProviders => {
  const uses = agents.filter(({ enabled }) => enabled).flatMap(usesOf)
  const ids = entries.map(([id]) => id)
  const unused = ids.filter((id) => !uses.some((use) => use.id === id))
  const fields = jsonSchemaOf(providerSettings)
  const read = entries.map(([id, content]) => {
    const at: Path = ['providers', id]
    if (!ID.test(id)) return { id, problems: [{ path: at, message: ID_PROBLEM }] }
    return {
      id,
      ...validate<unknown>(content, providerSettings, { at, fields, replaced, off: unused.includes(id) }),
    }
  })
  const missing = uses.filter(({ id }) => !ids.includes(id))
  return {
    providers: Object.fromEntries(
      read.flatMap((each) => ('value' in each ? [[each.id, each.value] as const] : [])),
    ),
    problems: [
      ...read.flatMap(({ problems }) => problems),
      ...missing.map(({ id, path }) => ({
        path,
        message: `there is no provider "${id}"; ${hintFor(id, ids)}`,
      })),
    ],
    unused: unused.map((id): Path => ['providers', id]),
  }
}

const usesOf = ({ id: agent, type, settings }: AgentEntry): { id: string; path: Path }[] =>
  settings === undefined
    ? []
    : (AGENT_TYPES[type]?.providersOf?.(settings) ?? []).map(({ id, field }) => ({
        id,
        path: ['agents', agent, ...field],
      }))

const hintFor = (id: string, ids: readonly string[]): string => {
  const meant = nearest(id, ids)
  if (meant !== undefined) return `did you mean "${meant}"?`
  return ids.length === 0 ? 'add it to "providers"' : `"providers" has ${ids.join(', ')}`
}
