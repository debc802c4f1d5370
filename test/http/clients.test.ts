import { randomUUID } from 'node:crypto'
import { HttpAgent } from '@ag-ui/client'
import { HttpAgent as HttpAgentV1 } from 'ag-ui-client-v1'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { jsonOf, type Stack, saidIn, startStack } from './stack.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.close())

/** What the two versions have in common here. */
interface Client {
  messages: { id: string; role: string; content?: unknown }[]
  state: unknown
  addMessage(message: { id: string; role: 'user'; content: string }): void
  runAgent(): Promise<unknown>
}
type ClientClass = new (config: { url: string; threadId: string }) => Client

const CLIENTS: [string, ClientClass][] = [
  ['0.0.59', HttpAgent as unknown as ClientClass],
  ['1.x', HttpAgentV1 as unknown as ClientClass],
]
const ENDPOINTS = [
  ['the plain AG-UI endpoint', '/agents/demo/run'],
  ["CopilotKit's endpoint", '/api/copilotkit/agent/demo/run'],
] as const

describe.each(CLIENTS)('HttpAgent %s', (_version, Agent) => {
  describe.each(ENDPOINTS)('on %s', (_name, path) => {
    it('has a conversation, which a second API process then replays', async () => {
      const threadId = `t-${randomUUID()}`
      const agent = new Agent({ url: `${stack.url}${path}`, threadId })
      agent.addMessage({ id: randomUUID(), role: 'user', content: 'Hello there' })
      await agent.runAgent()
      agent.addMessage({ id: randomUUID(), role: 'user', content: 'And again' })
      await agent.runAgent()

      const answers = agent.messages.filter(({ role }) => role === 'assistant').map(({ content }) => content)
      expect(answers.join(' ')).toContain('This is run 2 on this thread')
      expect(agent.state).toEqual({ runs: 2, lastQuestion: 'And again' })

      const replayed = await fetch(`${stack.secondUrl}/threads/${threadId}/events`)
      const said = saidIn(await replayed.text())
      for (const answer of answers) expect(said).toContain(answer ?? '')
      expect(said).toContain('This is run 2 on this thread')
    })
  })
})

describe("CopilotKit's runtime", () => {
  it('knows the agents, connects to a thread of another process and stops its run', async () => {
    const info = await jsonOf(await fetch(`${stack.url}/api/copilotkit/info`))
    expect(Object.keys(info.agents as object)).toEqual(['demo', 'slow'])

    const threadId = `t-${randomUUID()}`
    const agent = new HttpAgent({ url: `${stack.url}/agents/slow/run`, threadId })
    agent.addMessage({ id: 'm', role: 'user', content: 'Go on for long' })
    const running = agent.runAgent()
    const input = {
      threadId,
      runId: 'r',
      messages: [],
      tools: [],
      context: [],
      state: {},
      forwardedProps: {},
    }
    const connected = await fetch(`${stack.secondUrl}/api/copilotkit/agent/slow/connect`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(input),
    })
    const reader = connected.text()
    let stopped = false
    while (!stopped) {
      const url = `${stack.secondUrl}/api/copilotkit/agent/slow/stop/${threadId}`
      stopped = (await jsonOf(await fetch(url, { method: 'POST' }))).stopped === true
    }
    await running
    expect(agent.isRunning).toBe(false)
    await reader
  })
})
