import { BailianAgent } from '../../../src/agents/bailian/bailian-agent.ts'
import { type BailianSettings, bailianSettings } from '../../../src/agents/bailian/settings.ts'
import { testAgent } from '../../../src/agents/kit/test-agent.ts'
import { LocalMemories, type Remembered, type ThreadMemory } from '../../../src/agents/memory.ts'
import { useFake } from '../suite/fake-server.ts'
import { API_KEY, APP_ID, fakeBailian } from './fake-bailian.ts'

type Given = Record<string, unknown>

export const settingsFor = (url: string, more: Given = {}): BailianSettings =>
  bailianSettings.parse({ api_key: API_KEY, app_id: APP_ID, api_base: url, ...more })

/** A fake, and agents of one thread against it: each run has an agent of its own, as on another worker. */
export const useBailian = async (more: Given = {}) => {
  const platform = fakeBailian()
  const fake = await useFake(platform.handler)
  const memory = new LocalMemories().of('thread')
  const run = (message: string, options: Parameters<typeof testAgent>[1] = {}) =>
    testAgent(new BailianAgent(settingsFor(fake.url, more)), { message, memory, ...options })
  return { platform, fake, memory, run, bodies: () => fake.requests.map(({ body }) => body) }
}

/** A memory that has something already. */
export const memoryWith = (value: Remembered): ThreadMemory => {
  const memory = new LocalMemories().of('thread')
  memory.set(value)
  return memory
}

/** A thread in which something was said before. */
export const history = (last: string) => ({
  messages: [
    { id: 'm1', role: 'user' as const, content: 'How far is the moon?' },
    { id: 'm2', role: 'assistant' as const, content: 'Far.' },
    { id: 'm3', role: 'user' as const, content: last },
  ],
})
