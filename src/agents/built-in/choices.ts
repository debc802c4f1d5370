import { RunnerError } from '../../errors.ts'
import type { ModelChoice } from '../providers/chat-model.ts'
import type { ProviderSettings } from '../providers/settings.ts'
import type { BuiltInSettings } from './settings.ts'

/** Chat providers by id, as `providers` of agents.yaml has them. */
export type Providers = Readonly<Record<string, ProviderSettings>>

type Named = Pick<BuiltInSettings, 'provider' | 'fallback_providers' | 'model'>

/**
 * The models that an agent asks: its own, and those that stand in for it.
 * @throws RunnerError CONFIG_INVALID where a provider or its model is not known
 */
export const choicesOf = (settings: Named, providers: Providers): ModelChoice[] => {
  const { provider, fallback_providers, model } = settings
  return [provider, ...fallback_providers].map((named, at) => {
    const found = typeof named === 'string' ? knownProvider(named, providers) : named
    const modelId = at === 0 ? (model ?? found.model) : (found.model ?? model)
    if (modelId === undefined)
      throw new RunnerError(
        'CONFIG_INVALID',
        `No model is named: set model of the agent, or of its provider${typeof named === 'string' ? ` "${named}"` : ''}.`,
      )
    return { provider: found, modelId, ...(typeof named === 'string' && { id: named }) }
  })
}

const knownProvider = (id: string, providers: Providers): ProviderSettings => {
  const found = Object.hasOwn(providers, id) ? providers[id] : undefined
  if (found !== undefined) return found
  const known = Object.keys(providers)
  throw new RunnerError(
    'CONFIG_INVALID',
    `There is no chat provider "${id}"; there ${known.length === 0 ? 'is none' : `are ${known.join(', ')}`}. Add it to providers, or name another.`,
  )
}
