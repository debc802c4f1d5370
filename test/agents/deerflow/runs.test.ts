import type { Message, RunAgentInput } from '@ag-ui/client'
import { describe, expect, it } from 'vitest'
import { DeerflowApi } from '../../../src/agents/deerflow/api.ts'
import { DeerflowAgent } from '../../../src/agents/deerflow/deerflow-agent.ts'
import { type DeerflowSettings, deerflowSettings } from '../../../src/agents/deerflow/settings.ts'
import { type TestedRun, testAgent } from '../../../src/agents/kit/test-agent.ts'
import { LocalMemories, type ThreadMemory } from '../../../src/agents/memory.ts'
import { ANSWER } from '../suite/agent-case.ts'
import { type FakeRequest, useFake } from '../suite/fake-server.ts'
import { chunk, END, fakeGateway, frame, KEY } from './fake-gateway.ts'

/** A gateway, and one thread on it, whose runs are each those of another worker. */
const useThread = async (settings: Partial<DeerflowSettings> = {}) => {
  const gateway = fakeGateway()
  const fake = await useFake(gateway.handler)
  const memory = new LocalMemories().of('thread')
  const all = deerflowSettings.parse({ api_base: `${fake.url}/`, api_key: KEY, timeout: 5, ...settings })
  let runs = 0
  const run = (said: string | Partial<RunAgentInput>, kept: ThreadMemory = memory): Promise<TestedRun> => {
    runs += 1
    const input = typeof said === 'string' ? { messages: [user(said)] } : said
    return testAgent(new DeerflowAgent(all), {
      input: { threadId: 'thread', runId: `r${runs}`, ...input },
      memory: kept,
    })
  }
  const bodies = () =>
    fake.requests.filter(({ path }) => path.endsWith('/runs/stream')).map(({ body }) => body)
  return { gateway, fake, memory, run, bodies }
}

const user = (content: string): Message => ({ id: content.toLowerCase(), role: 'user', content })
const callsOf = (requests: readonly FakeRequest[]) => requests.map(({ method, path }) => `${method} ${path}`)

describe('a run at DeerFlow', () => {
  it('is begun as the gateway has it', async () => {
    const { run, bodies, fake } = await useThread({
      thinking_enabled: true,
      plan_mode: true,
      model_name: 'gpt-4',
    })
    await run('Hello')
    expect(bodies()).toEqual([
      {
        assistant_id: 'lead_agent',
        input: { messages: [{ type: 'human', id: 'hello~r1', content: 'Hello' }] },
        stream_mode: ['values', 'messages-tuple', 'custom'],
        config: { recursion_limit: 1000 },
        context: {
          model_name: 'gpt-4',
          thinking_enabled: true,
          is_plan_mode: true,
          subagent_enabled: false,
          max_concurrent_subagents: 3,
        },
        on_disconnect: 'cancel',
        multitask_strategy: 'interrupt',
      },
    ])
    expect(callsOf(fake.requests)).toEqual([
      'POST /api/langgraph/threads',
      'POST /api/langgraph/threads/thread/runs/stream',
      'GET /api/langgraph/threads/thread/runs/0d4f5a3e-run',
    ])
  })

  it('has the variables of its thread, of which a client may set some', async () => {
    const { run, bodies } = await useThread({ variables: { reasoning_effort: 'low', agent_name: 'mine' } })
    const variables = { reasoning_effort: 'high', user_id: 'root', agent_name: 'theirs' }
    await run({ messages: [user('One')], forwardedProps: { variables } })
    await run('Two')
    for (const { context } of bodies()) {
      expect(context).toMatchObject({ reasoning_effort: 'high', agent_name: 'mine' })
      expect(context).not.toHaveProperty('user_id')
    }
  })

  it('goes by a name that DeerFlow takes, the same one each time', async () => {
    const { run, fake, memory } = await useThread()
    await run({ threadId: 'a/b c', messages: [user('One')] })
    await run({ threadId: 'a/b c', messages: [user('Two')] }, new LocalMemories().of('other'))
    const { thread_id } = memory.value as { thread_id: string }
    expect(thread_id).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
    expect(callsOf(fake.requests).filter((call) => call.includes(`/${thread_id}/runs/stream`))).toHaveLength(
      2,
    )
  })

  it('takes auth_header over api_key, and headers of its own', async () => {
    const { run, fake } = await useThread({
      auth_header: `Bearer ${KEY}`,
      api_key: 'other',
      headers: { 'X-Csrf-Token': 'x' },
    })
    expect((await run('Hello')).text).toBe(ANSWER)
    expect(fake.requests[0]?.headers).toMatchObject({ 'x-csrf-token': 'x' })
  })

  it('has images in its message, and other files uploaded', async () => {
    const { run, bodies, fake } = await useThread()
    const source = { type: 'data', value: 'YWJj', mimeType: 'application/pdf' } as const
    await run({
      messages: [
        {
          id: 'm',
          role: 'user',
          content: [
            { type: 'text', text: 'See' },
            { type: 'image', source: { type: 'data', value: 'YWJj', mimeType: 'image/jpeg' } },
            { type: 'image', source: { type: 'url', value: 'https://example.com/a.png' } },
            { type: 'document', source, metadata: { filename: 'a.pdf' } },
            { type: 'document', source: { type: 'url', value: 'https://example.com/b.pdf' } },
          ],
        } as Message,
      ],
    })
    expect(bodies()[0].input.messages[0]).toMatchObject({
      content: [
        { type: 'text', text: 'See\n[document](https://example.com/b.pdf)' },
        { type: 'image_url', image_url: { url: 'data:image/jpeg;base64,YWJj' } },
        { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
      ],
      additional_kwargs: {
        files: [{ filename: 'a.pdf', size: 3, path: '/mnt/user-data/uploads/a.pdf', status: 'uploaded' }],
      },
    })
    const upload = fake.requests.find(({ path }) => path === '/api/threads/thread/uploads')
    expect(upload?.body).toContain('name="files"; filename="a.pdf"')
  })

  it('tells what it cost, by its record or by its messages', async () => {
    const { run, gateway } = await useThread()
    const usage_metadata = { input_tokens: 5, output_tokens: 2, total_tokens: 7 }
    gateway.next([chunk('Hi', { usage_metadata, response_metadata: { model_name: 'gpt-4' } }), END])
    const usages = async () =>
      (await run('Hi')).events.filter(({ name }) => name === 'usage').map(({ value }) => value)
    expect(await usages()).toEqual([{ inputTokens: 5, outputTokens: 2, totalTokens: 7, model: 'gpt-4' }])
    gateway.record = { total_input_tokens: 50, total_output_tokens: 20, total_tokens: 70 }
    expect(await usages()).toEqual([{ inputTokens: 50, outputTokens: 20, totalTokens: 70, model: 'gpt-4' }])
  })

  it('fails with its record, where its stream ended well', async () => {
    const { run, gateway } = await useThread()
    gateway.record = { status: 'error', stop_reason: 'token_capped' }
    const failed = await run('Hello')
    expect(failed.terminal).toMatchObject({ type: 'RUN_ERROR', code: 'AGENT_FAILED' })
    expect(failed.events).toContainEqual({
      type: 'CUSTOM',
      name: 'deerflow.stop_reason',
      value: 'token_capped',
    })
    gateway.record = { status: 'interrupted' }
    expect((await run('Hello')).terminal.message).toContain('cancelled at DeerFlow')
  })

  it('is ended at DeerFlow where its stream cannot be read', async () => {
    const { run, gateway } = await useThread({ on_disconnect: 'continue' })
    gateway.next([chunk('Hi'), 'event: messages\ndata: {', END])
    expect((await run('Hello')).terminal).toMatchObject({ code: 'PLATFORM_ANSWER_INVALID' })
    expect(gateway.stopped).toEqual(['0d4f5a3e-run interrupt'])
  })

  it('is not where DeerFlow has ended it itself', async () => {
    const { run, gateway } = await useThread({ on_disconnect: 'continue' })
    gateway.next([chunk('Hi'), frame('error', { name: 'ValueError', message: 'No model' }), END])
    expect((await run('Hello')).terminal).toMatchObject({ code: 'ValueError', message: 'No model' })
    expect(gateway.stopped).toEqual([])
  })

  it('may have ended when it is to be cancelled', async () => {
    const answers = [409, 500]
    const fake = await useFake((_, answer) => answer.json({ detail: 'Not cancellable' }, answers.shift()))
    const api = new DeerflowApi(deerflowSettings.parse({ api_base: fake.url }))
    const cancel = () => api.cancel('thread', 'run', AbortSignal.timeout(2_000))
    await cancel()
    await expect(cancel()).rejects.toMatchObject({ status: 500 })
  })

  it('needs something that was said', async () => {
    const { run, fake } = await useThread()
    expect((await run({ messages: [] })).terminal).toMatchObject({ code: 'INPUT_INVALID' })
    expect(callsOf(fake.requests)).not.toContain('POST /api/langgraph/threads/thread/runs/stream')
  })
})

describe('a thread that DeerFlow does not have', () => {
  const history: Message[] = [
    user('One'),
    { id: 'a', role: 'assistant', content: 'Uno', toolCalls: [] },
    { id: 't', role: 'tool', toolCallId: 'c', content: 'x' },
    user('Two'),
  ]
  const told = [
    { type: 'human', id: 'one~r2', content: 'One' },
    { type: 'ai', id: 'a', content: 'Uno' },
    { type: 'human', id: 'two~r2', content: 'Two' },
  ]

  it('any more gets what was said, and the client is told once', async () => {
    const { run, gateway, bodies } = await useThread()
    await run('One')
    gateway.forget()
    const { events, text } = await run({ messages: history })
    expect(text).toBe(ANSWER)
    expect(bodies().at(-1).input.messages).toEqual(told)
    expect(events[1]).toMatchObject({ type: 'CUSTOM', name: 'notice', value: { code: 'CONVERSATION_LOST' } })
  })

  it('yet gets what was said without a notice, and nothing twice where it has it', async () => {
    const { run, gateway, bodies, memory } = await useThread()
    await run('Zero', new LocalMemories().of('another'))
    gateway.forget()
    const { events } = await run({ messages: history })
    expect(bodies().at(-1).input.messages).toEqual(told)
    expect(events.filter(({ name }) => name === 'notice')).toEqual([])
    expect(memory.value).toMatchObject({ thread_id: 'thread' })
    await run({ runId: 'r2', messages: history }, new LocalMemories().of('third'))
    expect(bodies().at(-1).input.messages).toEqual(told.slice(-1))
  })
})

describe('a connection that breaks', () => {
  const at = (content: string, id: number) => `${chunk(content)}\nid: ${id}`

  it('is rejoined behind its last frame', async () => {
    const { run, gateway, fake } = await useThread({ on_disconnect: 'continue' })
    gateway.next([at('One ', 1), at('two ', 2)], [at('three', 3), END])
    const { text, terminal } = await run('Count')
    expect([text, terminal.type]).toEqual(['One two three', 'RUN_FINISHED'])
    const rejoin = fake.requests.find(({ method, path }) => method === 'GET' && path.endsWith('/stream'))
    expect(rejoin?.headers['last-event-id']).toBe('2')
  })

  it('says so where DeerFlow has cancelled the run for it', async () => {
    const { run, gateway } = await useThread()
    gateway.next([at('One ', 1)], [END])
    gateway.record = { status: 'interrupted' }
    const { terminal } = await run('Count')
    expect(terminal).toMatchObject({ type: 'RUN_ERROR', code: 'PLATFORM_UNREACHABLE' })
    expect(terminal.message).toContain('on_disconnect: continue')
  })

  it('has what was lost from DeerFlow’s state', async () => {
    const { run, gateway, fake } = await useThread({ on_disconnect: 'continue' })
    const gap = frame('gap', { code: 'stream_replay_gap', latest_available_event_id: '9' })
    gateway.next([at('One ', 1), gap, END], [at('ten', 10), END])
    gateway.values = { messages: [{ type: 'ai', id: 'lc_run--1', content: 'One two … ten' }] }
    const { messages } = await run('Count')
    expect(messages[1]).toMatchObject({ content: 'One two … ten' })
    const rejoin = fake.requests.find(({ method, path }) => method === 'GET' && path.endsWith('/stream'))
    expect(rejoin?.headers['last-event-id']).toBe('9')
  })
})
