import { dirname, resolve } from 'node:path'
import { messageOf } from '../../errors.ts'
import type { Logger } from '../../logger.ts'
import type { Agents } from '../../worker/agents.ts'
import { parseAgentsFile, textOf } from './file.ts'
import { type MadeAgent, makeAgents } from './make-agents.ts'
import { PinnedPools } from './pinned-pools.ts'
import { type FileWatch, watchFile } from './watch.ts'

/** What has changed in an agents file. */
export interface AgentsChange {
  added: string[]
  removed: string[]
  changed: string[]
}

export interface WatchOptions {
  onChange?(change: AgentsChange): void
  /** For what is wrong with a change. @default that of the agents */
  logger?: Logger
}

/** Agents that may change while they are used. */
export interface LiveAgents {
  /** For people. */
  readonly where: string
  /** Those of the moment: a run takes what is there when it begins, and keeps it. */
  current(): Agents
  /** Begins to look for changes; what is wrong with one is logged, and all stays as it was. */
  watch(options?: WatchOptions): void
  /** Idempotent. */
  stop(): void
}

export interface AgentsFileOptions {
  path: string
  env: NodeJS.ProcessEnv
  logger: Logger
}

/**
 * The agents of an agents.yaml.
 * @throws RunnerError CONFIG_INVALID
 */
export const openAgentsFile = async ({ path, env, logger }: AgentsFileOptions): Promise<LiveAgents> => {
  const folder = dirname(resolve(path))
  let text: string | undefined = await textOf(path)
  let made = await makeAgents(await parseAgentsFile(path, text, env), { folder, logger })
  const pools = new PinnedPools(made)
  let current = pools.agentsOf(made).agents
  let watching: FileWatch | undefined

  const readAgain = async (log: Logger): Promise<AgentsChange | undefined> => {
    const now = await textOf(path)
    if (now === text) return undefined
    // Not yet: a file that fails is tried again when it is written again, even with the same text.
    text = undefined
    const next = await makeAgents(await parseAgentsFile(path, now, env), { folder, logger, before: made })
    const change = changeFrom(made, next)
    const { agents, late } = pools.agentsOf(next)
    for (const id of late)
      log.warn('The pool of an agent counts from the next start of the server and its workers', {
        agent: id,
      })
    text = now
    made = next
    current = agents
    return change
  }

  return {
    where: path,
    current: () => current,
    watch: ({ onChange, logger: log = logger } = {}) => {
      watching ??= watchFile({
        path: resolve(path),
        onChange: async () => {
          try {
            const change = await readAgain(log)
            if (change !== undefined) onChange?.(change)
          } catch (error) {
            log.error('The agents stay as they were', { error: messageOf(error) })
          }
        },
        onDeaf: (error) =>
          log.warn('Changes of the agents file are noticed late: the system does not tell of them', {
            error: error.message,
          }),
      })
    },
    stop: () => watching?.stop(),
  }
}

const changeFrom = (before: readonly MadeAgent[], after: readonly MadeAgent[]): AgentsChange => {
  const idsOf = (agents: readonly MadeAgent[]) => agents.map(({ id }) => id)
  const [old, now] = [new Map(before.map((each) => [each.id, each])), new Set(idsOf(after))]
  return {
    added: idsOf(after.filter(({ id }) => !old.has(id))),
    removed: idsOf(before).filter((id) => !now.has(id)),
    changed: idsOf(after.filter((each) => old.has(each.id) && !isSame(old.get(each.id)!, each))),
  }
}

const isSame = (before: MadeAgent, after: MadeAgent): boolean =>
  before.definition.agent === after.definition.agent &&
  before.isDefault === after.isDefault &&
  before.definition.pool === after.definition.pool &&
  before.definition.onWorkerLost === after.definition.onWorkerLost
