import { DifyAgent } from '../../../src/agents/dify/dify-agent.ts'
import { type ApiType, difySettings } from '../../../src/agents/dify/settings.ts'
import type { AgentCase } from '../suite/agent-case.ts'
import { FakeDify, KEY } from './fake-dify.ts'

const settings = (url: string) => ({ api_key: KEY, api_base: url })

export const difyCase: AgentCase = {
  type: 'dify',
  entry: (url) => ({ type: 'dify', ...settings(url) }),
  make: (url, logger) => new DifyAgent(difySettings.parse(settings(url)), { agentId: 'dify', logger }),
  fake: () => new FakeDify(),
  secrets: [KEY],
  remembers: true,
  canStop: true,
  codes: {
    cut: 'PLATFORM_UNREACHABLE',
    'stream-error': 'completion_request_error',
    unauthorized: 'unauthorized',
    'rate-limited': 'too_many_requests',
    'server-error': 'internal_server_error',
    malformed: 'PLATFORM_ANSWER_INVALID',
    'no-terminal': 'INCOMPLETE_STREAM',
  },
}

/** The same against apps of another type, which begin anew with each run. */
export const difyCaseOf = (api_type: ApiType): AgentCase => {
  const typed = (url: string) => ({ ...settings(url), api_type })
  return {
    ...difyCase,
    type: `dify (${api_type})`,
    entry: (url) => ({ type: 'dify', ...typed(url) }),
    make: (url, logger) => new DifyAgent(difySettings.parse(typed(url)), { agentId: 'dify', logger }),
    remembers: false,
    without: { 'repeated-answer': 'its answer comes once' },
  }
}
