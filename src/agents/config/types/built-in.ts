import type { Providers } from '../../built-in/choices.ts'
import { type BuiltInSettings, builtInSettings } from '../../built-in/settings.ts'
import { type ProviderSettings, placeOf } from '../../providers/settings.ts'
import type { AgentType, Finding } from '../agent-type.ts'
import { withoutUser } from '../masked.ts'

export const builtInType: AgentType<BuiltInSettings> = {
  summary: 'The loop of this project: a chat provider with tools.',
  settings: builtInSettings,
  where: ({ provider, model }) =>
    [typeof provider === 'string' ? `provider ${provider}` : placeShown(provider), model]
      .filter((part) => part !== undefined)
      .join(', '),
  providersOf: ({ provider, fallback_providers }) =>
    [
      { named: provider, field: ['provider'] },
      ...fallback_providers.map((named, at) => ({ named, field: ['fallback_providers', at] })),
    ].flatMap(({ named, field }) => (typeof named === 'string' ? [{ id: named, field }] : [])),
  make: async (settings, config, { providers, folder, logger }) => {
    const [{ BuiltInAgent }, { loadTools }] = await Promise.all([
      import('../../built-in/built-in-agent.ts'),
      import('../../built-in/tools/tool-modules.ts'),
    ])
    const tools = await loadTools(settings.tools, folder)
    return new BuiltInAgent(settings, { ...config, logger, providers: providers as Providers, tools })
  },
  check: async (settings, signal, { providers, folder }) => {
    const [{ check }, { checkTools }] = await Promise.all([
      import('../../built-in/check.ts'),
      import('../../built-in/tools/check.ts'),
    ])
    const [model, tools] = await Promise.all([
      check(settings, signal, providers as Providers),
      checkTools(settings, signal, folder),
    ])
    return [{ result: model }, ...tools.map(({ part, ...result }): Finding => ({ part, result }))]
  },
}

const placeShown = (provider: ProviderSettings): string => withoutUser(placeOf(provider))
