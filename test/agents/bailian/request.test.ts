import { describe, expect, it } from 'vitest'
import { ANSWER } from '../suite/agent-case.ts'
import { APP_ID } from './fake-bailian.ts'
import { custom } from './mapped.ts'
import { useBailian } from './use-bailian.ts'

describe('the request', () => {
  it('asks for a stream of pieces, with thoughts', async () => {
    const { run, fake } = await useBailian()
    await run('How far?')
    const [request] = fake.requests
    expect(request).toMatchObject({
      method: 'POST',
      path: `/api/v1/apps/${APP_ID}/completion`,
      headers: { 'x-dashscope-sse': 'enable', accept: 'text/event-stream' },
      body: { input: { prompt: 'How far?' }, parameters: { incremental_output: true, has_thoughts: true } },
    })
    expect(request?.headers).not.toHaveProperty('x-dashscope-workspace')
  })

  it('names the workspace, and goes to an address that has the path already', async () => {
    const { run, fake } = await useBailian({ workspace: 'llm-ws1' })
    await run('One')
    expect(fake.requests[0]?.headers['x-dashscope-workspace']).toBe('llm-ws1')
    const withPath = await useBailian({ api_base: `${fake.url}/api/v1/` })
    expect((await withPath.run('One')).text).toBe(ANSWER)
  })

  it.each([
    ['task-workflow', undefined, { incremental_output: true, flow_stream_mode: 'message_format_plus' }],
    ['dialog-workflow', 'message_format', { incremental_output: true, flow_stream_mode: 'message_format' }],
    [
      'dialog-workflow',
      'full_thoughts',
      { incremental_output: true, flow_stream_mode: 'full_thoughts', has_thoughts: true },
    ],
    ['agent-arrange', undefined, { incremental_output: true, has_thoughts: true }],
    [
      'agent-arrange',
      'agent_format',
      { incremental_output: true, flow_stream_mode: 'agent_format', has_thoughts: true },
    ],
  ])('of a %s with the mode %s', async (app_type, flow_stream_mode, parameters) => {
    const { run, bodies } = await useBailian({ app_type, flow_stream_mode })
    await run('One')
    expect(bodies()[0].parameters).toEqual(parameters)
  })

  it('says what is to be searched, in the session too', async () => {
    const rag_options = { pipeline_ids: ['p1'], file_ids: ['f1'], output_reference: true }
    const { run, bodies, platform } = await useBailian({ rag_options })
    await run('One')
    await run('Two')
    expect(bodies().map(({ parameters }) => parameters.rag_options)).toEqual([
      { pipeline_ids: ['p1'], file_ids: ['f1'] },
      { pipeline_ids: ['p1'], file_ids: ['f1'] },
    ])
    expect(platform.conversations).toEqual([null, expect.any(String)])
    const only = await useBailian({ rag_options: { pipeline_ids: ['p1'] } })
    await only.run('One')
    expect(only.bodies()[0].parameters.rag_options).toEqual({ pipeline_ids: ['p1'] })
  })

  it('has images and files by their addresses, and says which ones cannot go along', async () => {
    const { run, bodies } = await useBailian()
    const url = (value: string, mimeType: string) => ({ type: 'url' as const, value, mimeType })
    const content = [
      { type: 'text' as const, text: 'What is it?' },
      { type: 'image' as const, source: url('https://example.test/a.png', 'image/png') },
      { type: 'document' as const, source: url('https://example.test/a.pdf', 'application/pdf') },
      { type: 'audio' as const, source: url('https://example.test/a.mp3', 'audio/mpeg') },
      { type: 'image' as const, source: { type: 'data' as const, value: 'AAAA', mimeType: 'image/png' } },
      { type: 'image' as const, source: url('data:image/png;base64,AAAA', 'image/png') },
    ]
    const { events } = await run('', { input: { messages: [{ id: 'm', role: 'user', content }] } })
    expect(bodies()[0].input).toEqual({
      prompt: 'What is it?',
      image_list: ['https://example.test/a.png'],
      file_list: ['https://example.test/a.pdf', 'https://example.test/a.mp3'],
    })
    expect(custom(events, 'notice')).toEqual([
      { code: 'ATTACHMENT_NOT_SENT', message: expect.stringContaining('2 without one') },
    ])
  })
})
