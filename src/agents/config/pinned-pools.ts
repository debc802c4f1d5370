import type { AgentDefinition, Agents } from '../../worker/agents.ts'
import { DEFAULT_ID } from './file.ts'
import type { MadeAgent } from './make-agents.ts'

type Pool = string | undefined

/**
 * Agents by id, in the pools that they had at the start: whoever sends commands knows these, and a worker that
 * thought otherwise would not find its agents. So a known agent stays in its pool, and a new one that is in a pool
 * is not there yet.
 */
export class PinnedPools {
  readonly #pools: ReadonlyMap<string, Pool>

  constructor(atStart: readonly MadeAgent[]) {
    this.#pools = new Map(definitionsOf(atStart).map(([id, { pool }]) => [id, pool]))
  }

  /** `late`: those whose pool counts from the next start. */
  agentsOf(made: readonly MadeAgent[]): { agents: Agents; late: string[] } {
    const late: string[] = []
    const entries = definitionsOf(made).flatMap(([id, definition]): [string, AgentDefinition][] => {
      const pool = this.#pools.get(id)
      if (definition.pool === pool) return [[id, definition]]
      late.push(id)
      // The default one would come into a pool that its own definition does not name.
      if (!this.#pools.has(id) || id === DEFAULT_ID) return []
      return [[id, { ...definition, pool }]]
    })
    return { agents: Object.fromEntries(entries), late }
  }
}

/** The default agent is there a second time, under the id that clients use that name none. */
const definitionsOf = (made: readonly MadeAgent[]): [string, AgentDefinition][] => {
  const own = made.map(({ id, definition }): [string, AgentDefinition] => [id, definition])
  const chosen = made.find(({ isDefault }) => isDefault)
  return chosen === undefined || chosen.id === DEFAULT_ID ? own : [...own, [DEFAULT_ID, chosen.definition]]
}
