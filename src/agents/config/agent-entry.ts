import type { CommonSettings } from './schema.ts'

/** An agent as agents.yaml has it. */
export interface AgentEntry extends CommonSettings {
  id: string
  /** By its type's schema; undefined where it is disabled and unfinished. */
  settings: unknown
  /** Its fields as they are written, with placeholders. May hold secrets. */
  written: Record<string, unknown>
}
