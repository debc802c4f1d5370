import { difySettings } from '../../dify/settings.ts'
import { withoutUser } from '../masked.ts'
import { platformType } from './platform.ts'

export const difyType = platformType({
  summary: 'An app of Dify.',
  settings: difySettings,
  where: ({ api_base, api_type }) => `${withoutUser(api_base)}, ${api_type}`,
  load: async () => {
    const [{ DifyAgent: Agent }, { check }] = await Promise.all([
      import('../../dify/dify-agent.ts'),
      import('../../dify/check.ts'),
    ])
    return { Agent, check }
  },
})
