import { CozeAgent } from '../../../src/agents/coze/coze-agent.ts'
import { cozeSettings } from '../../../src/agents/coze/settings.ts'
import { type TestAgentOptions, type TestedRun, testAgent } from '../../../src/agents/kit/test-agent.ts'
import type { Remembered, ThreadMemory } from '../../../src/agents/memory.ts'
import { useFake } from '../suite/fake-server.ts'
import { BOT, FakeCoze, KEY } from './fake-coze.ts'

/** A thread's memory as the log has it: JSON, and each value that it had. */
export class LoggedMemory implements ThreadMemory {
  readonly values: Remembered[] = []

  get value(): Remembered | undefined {
    return this.values.at(-1)
  }

  set(value: Remembered): void {
    this.values.push(JSON.parse(JSON.stringify(value)))
  }
}

/** A fake Coze and a thread. Each run has an agent of its own, as on another worker. */
export const useCoze = async (settings: Record<string, unknown> = {}) => {
  const platform = new FakeCoze()
  const fake = await useFake(platform.handler)
  const memory = new LoggedMemory()
  const run = (options: TestAgentOptions = {}, changed: Record<string, unknown> = {}): Promise<TestedRun> => {
    const given = { api_key: KEY, bot_id: BOT, api_base: fake.url, ...settings, ...changed }
    return testAgent(new CozeAgent(cozeSettings.parse(given)), { memory, ...options })
  }
  /** What was asked of a path, request by request. */
  const asked = (path: string) => fake.requests.filter((request) => request.path === path)
  return { platform, fake, memory, run, asked, chats: () => asked('/v3/chat') }
}
