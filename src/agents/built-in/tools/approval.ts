import { fitsAny } from './patterns.ts'
import type { ToolSettings } from './settings.ts'

/** Whether a person has to agree to calls of a tool, by what the settings say of its names. */
export const needsApproval = (approval: ToolSettings['approval'], names: readonly string[]): boolean => {
  if (approval === 'all') return true
  return approval !== 'none' && names.some((name) => fitsAny(name, approval))
}
