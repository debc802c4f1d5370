import { DifyAgent } from '../../../src/agents/dify/dify-agent.ts'
import { difySettings } from '../../../src/agents/dify/settings.ts'
import { type TestAgentOptions, type TestedRun, testAgent } from '../../../src/agents/kit/test-agent.ts'
import { LocalMemories } from '../../../src/agents/memory.ts'
import { useFake } from '../suite/fake-server.ts'
import { FakeDify, KEY } from './fake-dify.ts'

/** A fake Dify, and a thread that asks it: each run is another agent's, as on another worker. */
export const useDify = async (settings: object = {}) => {
  const dify = new FakeDify()
  const server = await useFake(dify.handler)
  const memory = new LocalMemories().of('thread')
  const agent = () => new DifyAgent(difySettings.parse({ api_key: KEY, api_base: server.url, ...settings }))
  const ask = (options: TestAgentOptions = {}) => testAgent(agent(), { memory, ...options })
  const requests = (path: string) => server.requests.filter((request) => request.path === path)
  return { dify, server, memory, ask, requests }
}

export const codeOf = ({ terminal }: TestedRun): unknown => terminal.code
