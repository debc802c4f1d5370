import { check } from '../../module/check.ts'
import { moduleAgent } from '../../module/module-agent.ts'
import { type ModuleSettings, moduleSettings } from '../../module/settings.ts'
import type { AgentType } from '../agent-type.ts'

export const moduleType: AgentType<ModuleSettings> = {
  summary: 'An agent of your own: what a module exports.',
  settings: moduleSettings,
  where: ({ module, export: exported }) => (exported === 'default' ? module : `${module} (${exported})`),
  make: (settings, config, { folder }) => moduleAgent(settings, config, folder),
  check: async (settings, _signal, { folder }) => [{ result: await check(settings, folder) }],
}
