import { agUiSettings } from '../../ag-ui/settings.ts'
import { withoutUser } from '../masked.ts'
import { platformType } from './platform.ts'

export const agUiType = platformType({
  summary: 'Any AG-UI endpoint over HTTP.',
  settings: agUiSettings,
  where: ({ url }) => withoutUser(url),
  load: async () => {
    const [{ AgUiAgent: Agent }, { check }] = await Promise.all([
      import('../../ag-ui/ag-ui-agent.ts'),
      import('../../ag-ui/check.ts'),
    ])
    return { Agent, check }
  },
})
