import type { AbstractAgent } from '@ag-ui/client'
import type { z } from 'zod'
import type { CheckResult } from '../../check-result.ts'
import type { StreamingAgentConfig } from '../../streaming-agent.ts'
import type { AgentType } from '../agent-type.ts'

/** A platform behind an API of its own. */
export interface Platform<Settings> {
  summary: string
  settings: z.ZodType<Settings>
  where(settings: Settings): string
  /** Loaded when it is used. */
  load(): Promise<{
    Agent: new (settings: Settings, config?: StreamingAgentConfig) => AbstractAgent
    check(settings: Settings, signal: AbortSignal): Promise<CheckResult>
  }>
}

export const platformType = <Settings>(platform: Platform<Settings>): AgentType<Settings> => {
  const { summary, settings, where, load } = platform
  return {
    summary,
    settings,
    where,
    // An instance, which is cloned: to make one costs more.
    make: async (given, config, { logger }) => {
      const { Agent } = await load()
      return new Agent(given, { ...config, logger })
    },
    check: async (given, signal) => {
      const { check } = await load()
      return [{ result: await check(given, signal) }]
    },
  }
}
