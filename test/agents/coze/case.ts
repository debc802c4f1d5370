import { CozeAgent } from '../../../src/agents/coze/coze-agent.ts'
import { cozeSettings } from '../../../src/agents/coze/settings.ts'
import type { AgentCase } from '../suite/agent-case.ts'
import { BOT, FakeCoze, KEY } from './fake-coze.ts'

const settings = (url: string) => ({ api_key: KEY, bot_id: BOT, api_base: url })

export const cozeCase: AgentCase = {
  type: 'coze',
  entry: (url) => ({ type: 'coze', ...settings(url) }),
  make: (url, logger) => new CozeAgent(cozeSettings.parse(settings(url)), { agentId: 'coze', logger }),
  fake: () => new FakeCoze(),
  secrets: [KEY],
  remembers: true,
  canStop: true,
  codes: {
    cut: 'PLATFORM_UNREACHABLE',
    'stream-error': '5000',
    unauthorized: '4100',
    'rate-limited': '4020',
    'server-error': '5000',
    malformed: 'PLATFORM_ANSWER_INVALID',
    'no-terminal': 'INCOMPLETE_STREAM',
  },
}
