import { DeerflowAgent } from '../../../src/agents/deerflow/deerflow-agent.ts'
import { deerflowSettings } from '../../../src/agents/deerflow/settings.ts'
import type { AgentCase } from '../suite/agent-case.ts'
import { fakeGateway, KEY } from './fake-gateway.ts'

const settings = (api_base: string) => ({ api_base, api_key: KEY, timeout: 5 })

export const deerflowCase: AgentCase = {
  type: 'deerflow',
  entry: (url) => ({ type: 'deerflow', ...settings(url) }),
  make: (url, logger) => new DeerflowAgent(deerflowSettings.parse(settings(url)), { logger }),
  fake: fakeGateway,
  secrets: [KEY],
  remembers: true,
  canStop: true,
  codes: {
    cut: 'PLATFORM_UNREACHABLE',
    'stream-error': 'ValueError',
    unauthorized: 'token_invalid',
    'rate-limited': 'PLATFORM_REFUSED',
    'server-error': 'PLATFORM_REFUSED',
    malformed: 'PLATFORM_ANSWER_INVALID',
    'no-terminal': 'PLATFORM_ANSWER_INVALID',
  },
}
