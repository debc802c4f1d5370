import { BailianAgent } from '../../../src/agents/bailian/bailian-agent.ts'
import { bailianSettings } from '../../../src/agents/bailian/settings.ts'
import type { AgentCase } from '../suite/agent-case.ts'
import { API_KEY, APP_ID, fakeBailian } from './fake-bailian.ts'

export const bailianCase: AgentCase = {
  type: 'bailian',
  entry: (url) => ({ type: 'bailian', api_key: API_KEY, app_id: APP_ID, api_base: url }),
  make: (url, logger) =>
    new BailianAgent(bailianSettings.parse({ api_key: API_KEY, app_id: APP_ID, api_base: url }), { logger }),
  fake: fakeBailian,
  secrets: [API_KEY],
  remembers: true,
  // The API has no call for it: to close the connection is all.
  canStop: false,
  codes: {
    cut: 'PLATFORM_UNREACHABLE',
    'stream-error': 'DataInspectionFailed',
    unauthorized: 'InvalidApiKey',
    'rate-limited': 'Throttling.RateQuota',
    'server-error': 'InternalError',
    malformed: 'PLATFORM_ANSWER_INVALID',
    'no-terminal': 'INCOMPLETE_STREAM',
  },
}
