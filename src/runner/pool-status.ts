import type { Beat } from '../presence/beat.ts'

/** Workers that share their commands. */
export interface PoolStatus {
  /** Undefined for the workers that are in none. */
  pool: string | undefined
  /** Those that take commands. With none, commands wait for up to their time to live. */
  workers: number
  /** Agents that its workers have, and those that are known to belong to it. */
  agents: string[]
}

/** What to do about a pool that has no worker. */
export const withoutWorker = ({ pool, agents }: PoolStatus): string => {
  const whose = agents.length === 0 ? '' : ` (agents ${agents.join(', ')})`
  return `No worker takes the commands of pool "${pool}"${whose}. Start one with "kar worker --pool ${pool}".`
}

/** The workers without a pool first, then the pools by name. `known` are pools that may have no worker now. */
export const poolStatus = (
  beats: readonly Beat[],
  agentPools: Record<string, string>,
  known: readonly string[],
): PoolStatus[] => {
  const named = [...Object.values(agentPools), ...known, ...beats.flatMap(({ pool }) => pool ?? [])]
  return [undefined, ...[...new Set(named)].sort()].map((pool) => {
    const workers = beats.filter((beat) => beat.pool === pool && beat.state === 'running')
    const belonging = Object.keys(agentPools).filter((agentId) => agentPools[agentId] === pool)
    const agents = new Set([...belonging, ...workers.flatMap((worker) => worker.agents)])
    return { pool, workers: workers.length, agents: [...agents] }
  })
}
