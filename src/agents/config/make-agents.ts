import { isDeepStrictEqual } from 'node:util'
import { messageOf } from '../../errors.ts'
import type { Logger } from '../../logger.ts'
import type { AgentDefinition } from '../../worker/agents.ts'
import type { AgentEntry } from './agent-entry.ts'
import type { AgentContext } from './agent-type.ts'
import { type AgentsFile, invalidFile } from './file.ts'
import { AGENT_TYPES } from './types.ts'
import { toldProblems } from './yaml-text.ts'

/** An agent that was made, with what it was made of. */
export interface MadeAgent {
  id: string
  isDefault: boolean
  definition: AgentDefinition
  /** All that its runs depend on. */
  from: unknown
}

/**
 * The enabled agents of a file, in its order. One of which nothing has changed is the very one that it was, and
 * keeps what it holds.
 * @throws RunnerError CONFIG_INVALID, with all that cannot be made
 */
export const makeAgents = async (
  file: AgentsFile,
  { folder, logger, before = [] }: { folder: string; logger: Logger; before?: readonly MadeAgent[] },
): Promise<MadeAgent[]> => {
  const context: AgentContext = { providers: file.providers, folder, logger }
  const entries = file.agents.filter(({ enabled }) => enabled)
  const outcomes = await Promise.allSettled(entries.map((entry) => make(entry, context, before)))
  const problems = outcomes.flatMap((outcome, at) =>
    outcome.status === 'fulfilled'
      ? []
      : [{ path: ['agents', entries[at]!.id], message: messageOf(outcome.reason) }],
  )
  if (problems.length > 0) throw invalidFile(file.path, toldProblems(problems))
  return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
}

const make = async (
  entry: AgentEntry,
  context: AgentContext,
  before: readonly MadeAgent[],
): Promise<MadeAgent> => {
  const { id, type: name, settings, description, pool, on_worker_lost: onWorkerLost } = entry
  const type = AGENT_TYPES[name]!
  const providers = (type.providersOf?.(settings) ?? []).map((use) => context.providers[use.id])
  const from = { name, settings, description, providers }
  const known = before.find((made) => made.id === id && isDeepStrictEqual(made.from, from))
  const agent =
    known === undefined
      ? await type.make(settings, { agentId: id, ...(description !== undefined && { description }) }, context)
      : known.definition.agent
  return {
    id,
    isDefault: entry.default,
    definition: { agent, onWorkerLost, ...(pool !== undefined && { pool }) },
    from,
  }
}
