import { describe, expect, it } from 'vitest'
import { DifyAgent } from '../../../src/agents/dify/dify-agent.ts'
import { difySettings } from '../../../src/agents/dify/settings.ts'
import { useFake } from '../suite/fake-server.ts'
import { KEY } from './fake-dify.ts'
import { useDify } from './use-dify.ts'

describe('a stop', () => {
  it('before Dify has named the task tells nobody, and closes the connection', async () => {
    const asked = Promise.withResolvers<void>()
    const silent = await useFake(() => asked.resolve())
    const agent = new DifyAgent(difySettings.parse({ api_key: KEY, api_base: silent.url }))
    agent.setMessages([{ id: 'm', role: 'user', content: 'x' }])
    const running = agent.runAgent({ runId: 'r' })
    await asked.promise
    agent.abortRun()
    await running
    await silent.requests[0]?.closed
    expect(silent.requests.map(({ path }) => path)).toEqual(['/chat-messages'])
  })

  it.each([
    ['chat', '/chat-messages/'],
    ['agent', '/chat-messages/'],
    ['chatflow', '/chat-messages/'],
    ['workflow', '/workflows/tasks/'],
    ['completion', '/completion-messages/'],
  ])('has the path of its app, and the same user: %s', async (api_type, path) => {
    const { dify, server } = await useDify()
    dify.play('slow')
    const settings = difySettings.parse({ api_key: KEY, api_base: `${server.url}/`, api_type })
    const agent = new DifyAgent(settings, { threadId: 'thread-1' })
    agent.setMessages([{ id: 'm', role: 'user', content: 'x' }])
    const begun = Promise.withResolvers<void>()
    const onEvent = ({ event }: { event: { type: string } }) => {
      if (event.type === 'TEXT_MESSAGE_CONTENT') begun.resolve()
    }
    const running = agent.runAgent({ runId: 'r' }, { onEvent })
    await begun.promise
    agent.abortRun()
    await running
    const { path: asked, body } = server.requests.at(-1)!
    expect(asked).toBe(`${path}${dify.stopped[0]}/stop`)
    expect(body).toEqual({ user: 'thread-1' })
  })
})
