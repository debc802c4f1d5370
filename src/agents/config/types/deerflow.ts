import { deerflowSettings } from '../../deerflow/settings.ts'
import { withoutUser } from '../masked.ts'
import { platformType } from './platform.ts'

export const deerflowType = platformType({
  summary: 'A DeerFlow 2.x of your own.',
  settings: deerflowSettings,
  where: ({ api_base, assistant_id }) => `${withoutUser(api_base)}, ${assistant_id}`,
  load: async () => {
    const [{ DeerflowAgent: Agent }, { check }] = await Promise.all([
      import('../../deerflow/deerflow-agent.ts'),
      import('../../deerflow/check.ts'),
    ])
    return { Agent, check }
  },
})
