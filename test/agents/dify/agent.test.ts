import type { RunAgentInput } from '@ag-ui/client'
import { describe, expect, it } from 'vitest'
import { DifyAgent } from '../../../src/agents/dify/dify-agent.ts'
import { difySettings } from '../../../src/agents/dify/settings.ts'
import { testAgent } from '../../../src/agents/kit/test-agent.ts'
import { sleep } from '../../../src/sleep.ts'
import { ANSWER } from '../suite/agent-case.ts'
import { useFake } from '../suite/fake-server.ts'
import { KEY } from './fake-dify.ts'
import { custom } from './mapped.ts'
import { codeOf, useDify } from './use-dify.ts'

describe('a run with Dify', () => {
  it('says who asks what, with its variables', async () => {
    const { ask, requests } = await useDify({ variables: { city: 'Bonn', unit: 'km' } })
    await ask({ message: 'How far?' })
    const [{ headers, body }] = requests('/chat-messages') as [never]
    expect(headers).toMatchObject({ authorization: `Bearer ${KEY}` })
    expect(body).toEqual({
      query: 'How far?',
      inputs: { city: 'Bonn', unit: 'km' },
      response_mode: 'streaming',
      user: 'test-thread',
    })
  })

  it('has the user of the settings, where they name one', async () => {
    const { ask, requests } = await useDify({ user: 'ada' })
    await ask()
    expect(requests('/chat-messages')[0]?.body.user).toBe('ada')
  })

  it('takes variables of a run for all later runs of its thread', async () => {
    const { ask, requests, memory } = await useDify({ variables: { city: 'Bonn', unit: 'km' } })
    const given = (variables: unknown) => ask({ input: { forwardedProps: { variables } } })
    await given({ city: 'Rome' })
    await given('nonsense')
    await given({ hot: true })
    expect(requests('/chat-messages').map(({ body }) => body.inputs)).toEqual([
      { city: 'Rome', unit: 'km' },
      { city: 'Rome', unit: 'km' },
      { city: 'Rome', unit: 'km', hot: true },
    ])
    expect(memory.value).toMatchObject({ variables: { city: 'Rome', hot: true } })
  })

  it.each([
    ['workflow', '/workflows/run', { inputs: { a: 1, question: 'How far?' } }],
    ['completion', '/completion-messages', { inputs: { a: 1, question: 'How far?' }, query: 'How far?' }],
  ])('puts the text into an input, where the app is no chat: %s', async (api_type, path, body) => {
    const { ask, requests } = await useDify({ api_type, query_input_key: 'question', variables: { a: 1 } })
    const run = await ask({ message: 'How far?' })
    expect(requests(path)[0]?.body).toEqual({ ...body, response_mode: 'streaming', user: 'test-thread' })
    expect(run.text).toBe(ANSWER)
    expect(run.memory).toBeUndefined()
  })

  it('gives a workflow’s outputs as its result, and the AstrBot names are the defaults', async () => {
    const { ask, requests } = await useDify({ api_type: 'workflow' })
    const { terminal, text } = await ask({ message: 'How far?' })
    expect(requests('/workflows/run')[0]?.body.inputs).toEqual({ astrbot_text_query: 'How far?' })
    expect(terminal.result).toEqual({ astrbot_wf_output: ANSWER })
    expect(text).toBe(ANSWER)
  })

  it('names the conversation to the memory before it has ended', async () => {
    const { ask, memory, dify } = await useDify()
    dify.play('cut')
    expect(codeOf(await ask())).toBe('PLATFORM_UNREACHABLE')
    dify.play('answer')
    await ask()
    expect(dify.conversations).toEqual([null, memory.value?.conversation_id])
  })

  it('needs what a person said', async () => {
    const { ask } = await useDify()
    expect(codeOf(await ask({ input: { messages: [] } }))).toBe('INPUT_INVALID')
  })

  it('has other memories than its own for none', async () => {
    const { ask, memory, dify } = await useDify()
    memory.set({ conversation_id: 7, forms: 'no' })
    expect((await ask()).text).toBe(ANSWER)
    expect(dify.conversations).toEqual([null])
  })

  it('is not over while only pings come, but when nothing comes', async () => {
    const pinging = async function* () {
      for (let at = 0; at < 8; at += 1) {
        await sleep(50)
        yield 'event: ping'
      }
      yield 'data: {"event": "message_end"}'
    }
    const silent = async function* () {
      yield 'event: ping'
      await sleep(400)
    }
    const streams = [pinging, silent]
    const server = await useFake((_, answer) => answer.sse(streams.shift()!()))
    const settings = difySettings.parse({ api_key: KEY, api_base: server.url, timeout: 0.15 })
    expect((await testAgent(new DifyAgent(settings))).terminal.type).toBe('RUN_FINISHED')
    expect(codeOf(await testAgent(new DifyAgent(settings)))).toBe('PLATFORM_TIMEOUT')
  })
})

describe('a conversation that Dify does not know', () => {
  it('is begun anew, with a notice before the answer', async () => {
    const { ask, dify, memory } = await useDify()
    await ask()
    const first = memory.value?.conversation_id
    dify.forget()
    const run = await ask()
    expect(run.text).toBe(ANSWER)
    expect(dify.conversations).toEqual([null, null])
    expect(memory.value?.conversation_id).not.toBe(first)
    const types = run.events.map(({ type, name }) => name ?? type)
    expect(types.indexOf('notice')).toBeLessThan(types.indexOf('TEXT_MESSAGE_START'))
    expect(custom(run, 'notice')).toEqual([{ code: 'CONVERSATION_LOST', message: expect.any(String) }])
  })

  it('or has ended, too', async () => {
    const { ask, dify } = await useDify()
    await ask()
    dify.refusals = [{ status: 400, code: 'conversation_completed', message: 'The conversation has ended.' }]
    expect(custom(await ask(), 'notice')).toHaveLength(1)
  })

  it('is no excuse for another 404', async () => {
    const { ask, dify, memory } = await useDify()
    await ask()
    const known = memory.value
    const gone = { status: 404, code: 'not_found', message: 'Workflow not found' }
    dify.refusals = [gone, gone]
    const run = await ask()
    expect([codeOf(run), custom(run, 'notice')]).toEqual(['not_found', []])
    expect(memory.value).toEqual(known)
  })
})

describe('files', () => {
  const content = [
    { type: 'text', text: 'Look' },
    { type: 'image', source: { type: 'url', value: 'https://example.com/moon.png', mimeType: 'image/png' } },
    { type: 'document', source: { type: 'data', value: btoa('%PDF'), mimeType: 'application/pdf' } },
    { type: 'binary', mimeType: 'text/plain', url: 'data:text/plain,h%C3%A9', filename: 'a/b.txt' },
  ]
  const messages = [{ id: 'm', role: 'user', content }] as never

  it('are left where they are, or uploaded, for the same user', async () => {
    const { ask, requests } = await useDify({ user: 'ada' })
    await ask({ input: { messages } })
    const uploads = requests('/files/upload').map(({ body }) => String(body))
    expect(uploads).toHaveLength(2)
    const pdf = uploads.find((body) => body.includes('%PDF'))
    expect(pdf).toContain('filename="document.pdf"')
    expect(pdf).toContain('Content-Type: application/pdf')
    expect(pdf).toMatch(/name="user"\r\n\r\nada/)
    expect(uploads.find((body) => body.includes('hé'))).toContain('filename="a_b.txt"')
    expect(requests('/chat-messages')[0]?.body).toMatchObject({
      query: 'Look',
      files: [
        { type: 'image', transfer_method: 'remote_url', url: 'https://example.com/moon.png' },
        { type: 'document', transfer_method: 'local_file', upload_file_id: expect.any(String) },
        { type: 'document', transfer_method: 'local_file', upload_file_id: expect.any(String) },
      ],
    })
  })
})

describe('an answer that is replaced', () => {
  it('is gone from the thread, and what was before it stays', async () => {
    const { ask, dify } = await useDify()
    dify.streams = [
      [
        { event: 'agent_message', message_id: 'm', answer: 'Something bad' },
        { event: 'agent_thought', id: 't', tool: 'moon', tool_input: '{}', observation: 'far' },
        { event: 'agent_message', message_id: 'm', answer: ' and worse' },
        { event: 'message_replace', answer: 'I may not say that.' },
        { event: 'message_end' },
      ],
    ]
    const messages = [
      { id: 'u1', role: 'user', content: 'Hello' },
      { id: 'a1', role: 'assistant', content: 'Hi' },
      { id: 'u2', role: 'user', content: 'Be bad' },
    ] as RunAgentInput['messages']
    const run = await ask({ input: { messages } })
    expect(JSON.stringify(run.messages)).not.toContain('Something bad')
    expect(run.messages.map(({ role, content }) => [role, content])).toEqual([
      ['user', 'Hello'],
      ['assistant', 'Hi'],
      ['user', 'Be bad'],
      ['assistant', undefined],
      ['tool', 'far'],
      ['assistant', 'I may not say that.'],
    ])
  })
})
