import { bailianSettings } from '../../bailian/settings.ts'
import { withoutUser } from '../masked.ts'
import { platformType } from './platform.ts'

export const bailianType = platformType({
  summary: 'An application of Alibaba Cloud Model Studio (Bailian).',
  settings: bailianSettings,
  where: ({ api_base, app_type, app_id }) => `${withoutUser(api_base)}, ${app_type} ${app_id}`,
  load: async () => {
    const [{ BailianAgent: Agent }, { check }] = await Promise.all([
      import('../../bailian/bailian-agent.ts'),
      import('../../bailian/check.ts'),
    ])
    return { Agent, check }
  },
})
