import { messageOf } from '../../errors.ts'
import type { CheckResult } from '../check-result.ts'
import { moduleAgent } from './module-agent.ts'
import type { ModuleSettings } from './settings.ts'

/** Makes the agent once: whether it can reach what it needs is its own matter. */
export const check = async (settings: ModuleSettings, folder: string): Promise<CheckResult> => {
  try {
    const agent = await moduleAgent(settings, {}, folder)
    if (typeof agent === 'function') await agent()
    return { ok: true, detail: 'it is loaded and the agent can be made; what it needs itself was not tried' }
  } catch (error) {
    return {
      ok: false,
      problem: messageOf(error),
      fix: 'Correct module, export or settings in the file, or the module itself.',
    }
  }
}
