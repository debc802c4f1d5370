import { BuiltInAgent } from '../../../src/agents/built-in/built-in-agent.ts'
import { type BuiltInOptions, builtInSettings } from '../../../src/agents/built-in/settings.ts'
import { providerSettings } from '../../../src/agents/providers/settings.ts'
import type { AgentCase } from '../suite/agent-case.ts'
import { fakeModel, KEY, MODEL } from './fake-model.ts'

const provider = (url: string) => ({ base_url: `${url}/v1`, api_key: KEY, model: MODEL })

const settings = { provider: 'fake', timeout: 5 } satisfies BuiltInOptions

export const builtInCase: AgentCase = {
  type: 'built-in',
  entry: () => ({ type: 'built-in', ...settings }),
  providers: (url) => ({ fake: provider(url) }),
  make: (url, logger) =>
    new BuiltInAgent(builtInSettings.parse(settings), {
      providers: { fake: providerSettings.parse(provider(url)) },
      ...(logger !== undefined && { logger }),
    }),
  fake: fakeModel,
  secrets: [KEY],
  remembers: false,
  canStop: false,
  without: {
    'late-stop': 'a chat provider has no call that stops a completion',
    'repeated-answer': 'a chat provider does not repeat its answer',
  },
  codes: {
    cut: 'PLATFORM_UNREACHABLE',
    'stream-error': 'server_error',
    unauthorized: 'invalid_api_key',
    'rate-limited': 'rate_limit_exceeded',
    'server-error': 'server_error',
    malformed: 'PLATFORM_ANSWER_INVALID',
    'no-terminal': 'PLATFORM_ANSWER_INVALID',
  },
}
