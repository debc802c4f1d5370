import type { AgentConfig } from '@ag-ui/client'
import type { z } from 'zod'
import type { Logger } from '../../logger.ts'
import type { AgentMaker } from '../../worker/agents.ts'
import type { CheckResult } from '../check-result.ts'
import type { Path } from './problem.ts'

/** What an agent is made with, beside its settings. */
export interface AgentContext {
  /** The file's `providers`, by id. */
  providers: Record<string, unknown>
  /** Of the file: paths in it count from there. */
  folder: string
  logger: Logger
}

/** What a look at a part of an agent gave: the platform itself, or a server of tools. */
export interface Finding {
  /** Undefined where it is about the agent as a whole. */
  part?: string
  result: CheckResult
}

/** A type of agent in agents.yaml. */
// biome-ignore lint/suspicious/noExplicitAny: each type has settings of its own, and a map of them has no common one
export interface AgentType<Settings = any> {
  /** One line, for editors. */
  summary: string
  settings: z.ZodType<Settings>
  /** Where it is, for people: an address, a model. Never a secret. */
  where(settings: Settings): string
  /** The chat providers that it uses by their ids, and where it names them. */
  providersOf?(settings: Settings): { id: string; field: Path }[]
  /**
   * What makes its agents. Called when the file is read; what it throws is told as the file's mistake.
   * A function is called for each run; an instance is cloned.
   */
  make(settings: Settings, config: AgentConfig, context: AgentContext): Promise<AgentMaker>
  /** Looks whether it would work. The signal bounds it. */
  check(settings: Settings, signal: AbortSignal, context: AgentContext): Promise<Finding[]>
}
