import { messageOf } from '../../errors.ts'
import type { CheckResult } from '../check-result.ts'
import { checkProvider } from '../providers/check.ts'
import { choicesOf, type Providers } from './choices.ts'
import type { BuiltInSettings } from './settings.ts'

/** Looks at the agent's own provider and those that stand in for it, one after the other; the first fault counts. */
export const check = async (
  settings: BuiltInSettings,
  signal: AbortSignal,
  providers: Providers = {},
): Promise<CheckResult> => {
  const details: string[] = []
  try {
    for (const choice of choicesOf(settings, providers)) {
      const result = await checkProvider(choice, signal)
      if (!result.ok) return result
      details.push(result.detail)
    }
  } catch (error) {
    return { ok: false, problem: messageOf(error), fix: 'Correct provider and model in agents.yaml.' }
  }
  return { ok: true, detail: details.join('; ') }
}
