import { messageOf } from '../../errors.ts'
import type { Logger } from '../../logger.ts'
import type { CheckResult } from '../check-result.ts'
import type { AgentEntry } from './agent-entry.ts'
import type { Finding } from './agent-type.ts'
import type { AgentsFile } from './file.ts'
import { AGENT_TYPES } from './types.ts'

export interface CheckOptions {
  folder: string
  logger: Logger
  /** For each agent. @default 15_000 */
  limitMs?: number
}

/** What a look at an agent gave; without findings it is disabled. */
export interface CheckedAgent {
  agent: AgentEntry
  findings: Finding[]
}

/** Looks at all of these agents side by side; each is given as soon as those before it are. */
export async function* checkAgents(
  file: AgentsFile,
  agents: readonly AgentEntry[],
  options: CheckOptions,
): AsyncGenerator<CheckedAgent> {
  const checks = agents.map(async (agent) => ({ agent, findings: await checkAgent(file, agent, options) }))
  // Each awaits its own: none rejects.
  for (const check of checks) yield await check
}

const checkAgent = async (
  { providers }: AgentsFile,
  { type, enabled, settings }: AgentEntry,
  { folder, logger, limitMs = 15_000 }: CheckOptions,
): Promise<Finding[]> => {
  if (!enabled) return []
  const abort = new AbortController()
  const late = Promise.withResolvers<Finding[]>()
  const timer = setTimeout(() => {
    late.resolve([{ result: tooLate(limitMs) }])
    abort.abort()
  }, limitMs)
  try {
    const looked = AGENT_TYPES[type]!.check(settings, abort.signal, { providers, folder, logger })
    return await Promise.race([looked, late.promise])
  } catch (error) {
    return [{ result: failed(error) }]
  } finally {
    clearTimeout(timer)
    abort.abort()
  }
}

const tooLate = (limitMs: number): CheckResult => ({
  ok: false,
  problem: `There was no answer within ${limitMs / 1000} s.`,
  fix: 'Check the address and the network between; a proxy or a firewall may swallow what is sent.',
})

const failed = (error: unknown): CheckResult => ({
  ok: false,
  problem: `The check itself failed: ${messageOf(error)}`,
  fix: 'Correct what the message names.',
})
