import { BuiltInAgent, type BuiltInConfig } from '../../../src/agents/built-in/built-in-agent.ts'
import { type BuiltInOptions, builtInSettings } from '../../../src/agents/built-in/settings.ts'
import { type TestAgentOptions, testAgent } from '../../../src/agents/kit/test-agent.ts'
import type { ThreadMemory } from '../../../src/agents/memory.ts'
import type { Logger } from '../../../src/logger.ts'
import type { AnyEvent } from '../../../src/run/event.ts'
import { useFake } from '../suite/fake-server.ts'
import { fakeModel, KEY, MODEL } from './fake-model.ts'

/** A fake model, and an agent that asks it. */
export const useAgent = async (options: Partial<BuiltInOptions> = {}, config: BuiltInConfig = {}) => {
  const model = fakeModel()
  const fake = await useFake(model.handler)
  const provider = providerOf(fake.url)
  const logged: string[] = []
  const log = (message: string, fields?: object) => void logged.push(`${message} ${JSON.stringify(fields)}`)
  const logger: Logger = { info: log, warn: log, error: log }
  const settings = builtInSettings.parse({ provider, timeout: 5, ...options })
  const make = () => new BuiltInAgent(settings, { logger, ...config })
  const run = (given: TestAgentOptions = {}) => testAgent(make(), given)
  return { model, fake, provider, make, run, logged }
}

export const providerOf = (url: string) => ({ base_url: `${url}/v1`, api_key: KEY, model: MODEL })

/** What a client has of a thread, and how it goes on. */
export const continued = (
  messages: object[],
  more: object = {},
  memory?: ThreadMemory,
): TestAgentOptions => ({
  input: { runId: 'next-run', messages: messages as never, ...more },
  ...(memory !== undefined && { memory }),
})

export const typesOf = (events: readonly AnyEvent[]): string[] => events.map(({ type }) => type)

export const ofType = (events: readonly AnyEvent[], type: string): AnyEvent[] =>
  events.filter((event) => event.type === type)

/** The notices of a run, by their code. */
export const noticesOf = (events: readonly AnyEvent[]): string[] =>
  ofType(events, 'CUSTOM').flatMap(({ name, value }) =>
    name === 'notice' ? [(value as { code: string }).code] : [],
  )
