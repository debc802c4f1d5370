import { AgUiAgent } from '../../../src/agents/ag-ui/ag-ui-agent.ts'
import { agUiSettings } from '../../../src/agents/ag-ui/settings.ts'
import type { AgentCase } from '../suite/agent-case.ts'
import { fakeEndpoint, KEY, PATH } from './fake-endpoint.ts'

const settings = (url: string) => ({
  url: `${url}${PATH}`,
  headers: { Authorization: `Bearer ${KEY}` },
  timeout: 5,
})

export const agUiCase: AgentCase = {
  type: 'ag-ui',
  entry: (url) => ({ type: 'ag-ui', ...settings(url) }),
  make: (url, logger) => new AgUiAgent(agUiSettings.parse(settings(url)), { logger }),
  fake: fakeEndpoint,
  secrets: [KEY],
  remembers: false,
  canStop: false,
  without: { 'late-stop': 'AG-UI has no call that stops a run' },
  codes: {
    cut: 'PLATFORM_UNREACHABLE',
    'stream-error': 'MODEL_GONE',
    unauthorized: 'PLATFORM_REFUSED',
    'rate-limited': 'PLATFORM_REFUSED',
    'server-error': 'PLATFORM_REFUSED',
    malformed: 'PLATFORM_ANSWER_INVALID',
    'no-terminal': 'PLATFORM_ANSWER_INVALID',
  },
}
