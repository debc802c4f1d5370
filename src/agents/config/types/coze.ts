import { cozeSettings } from '../../coze/settings.ts'
import { withoutUser } from '../masked.ts'
import { platformType } from './platform.ts'

export const cozeType = platformType({
  summary: 'A bot of Coze.',
  settings: cozeSettings,
  where: ({ api_base, bot_id }) => `${withoutUser(api_base)}, bot ${bot_id}`,
  load: async () => {
    const [{ CozeAgent: Agent }, { check }] = await Promise.all([
      import('../../coze/coze-agent.ts'),
      import('../../coze/check.ts'),
    ])
    return { Agent, check }
  },
})
