import { describe, expect, it } from 'vitest'
import { modelMessages } from '../../../src/agents/built-in/model-messages.ts'
import { systemPrompt } from '../../../src/agents/built-in/system-prompt.ts'
import { ANSWER } from '../suite/agent-case.ts'
import { continued, useAgent } from './use-agent.ts'

const PNG = 'iVBORw0KGgo='

/** What the model is sent for a user message of these parts. */
const sent = async (parts: object[], options: object = {}) => {
  const { model, run } = await useAgent(options)
  const { text } = await run(continued([{ id: 'm', role: 'user', content: parts }]))
  expect(text).toBe(ANSWER)
  return model.asked[0]?.messages[0]?.content
}

const base64 = (value: string, mimeType: string) => ({ type: 'data', value, mimeType })

describe('files in a user message', () => {
  it('images go to the model, by bytes and by address', async () => {
    const parts = [
      { type: 'text', text: 'What is it?' },
      { type: 'image', source: base64(PNG, 'image/png') },
      { type: 'image', source: { type: 'url', value: 'http://10.0.0.1/secret.png' } },
      { type: 'binary', mimeType: 'image/gif', data: PNG },
      { type: 'image', source: { type: 'url', value: `data:image/webp;base64,${PNG}` } },
    ]
    expect(await sent(parts)).toEqual([
      { type: 'text', text: 'What is it?' },
      { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } },
      // Whoever serves the model fetches it; the worker never does.
      { type: 'image_url', image_url: { url: 'http://10.0.0.1/secret.png' } },
      { type: 'image_url', image_url: { url: `data:image/gif;base64,${PNG}` } },
      { type: 'image_url', image_url: { url: `data:image/webp;base64,${PNG}` } },
    ])
  })

  it('documents and sound go in the forms that the API has', async () => {
    const json = Buffer.from('{"a":1}').toString('base64')
    const parts = [
      { type: 'document', source: base64('JVBERg==', 'application/pdf'), metadata: { filename: 'a.pdf' } },
      { type: 'document', source: base64(json, 'application/json'), metadata: { filename: 'a.json' } },
      { type: 'audio', source: base64('AAAA', 'audio/wav') },
    ]
    expect(await sent(parts)).toEqual([
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERg==' } },
      { type: 'text', text: '[File a.json, application/json]\n{"a":1}' },
      { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } },
    ])
  })

  it('what the model cannot take is named, and the thread goes on', async () => {
    const parts = [
      { type: 'document', source: base64('AAAA', 'application/zip'), metadata: { filename: 'a.zip' } },
      {
        type: 'document',
        source: { type: 'url', value: 'https://example.com/a.pdf', mimeType: 'application/pdf' },
      },
      { type: 'video', source: base64('AAAA', 'video/mp4') },
      { type: 'image', source: { type: 'url', value: 'file:///etc/passwd' } },
    ]
    expect(await sent(parts)).toEqual([
      { type: 'text', text: '[File a.zip, application/zip: this model cannot read it.]' },
      { type: 'text', text: '[File without a name, application/pdf: https://example.com/a.pdf]' },
      { type: 'text', text: '[File without a name, video/mp4: this model cannot read it.]' },
      { type: 'text', text: '[image without a name: you are not given it.]' },
    ])
  })

  it('kinds that the settings leave out are named', async () => {
    const part = { type: 'image', source: base64(PNG, 'image/png') }
    expect(await sent([part], { modalities: [] })).toEqual(
      '[image without a name, image/png: you are not given it.]',
    )
  })
})

const options = {
  modalities: ['image'] as ['image'],
  results: new Map<string, string>(),
  withThoughts: true,
  toolName: (name: string) => name,
}
const call = (id: string, args = '{}') => ({
  id,
  type: 'function',
  function: { name: 'look', arguments: args },
})
const convert = (messages: object[], more: object = {}) =>
  modelMessages(messages as never, { ...options, ...more })

describe('a thread as the model reads it', () => {
  it('has each result behind its call, wherever it is in the thread, the latest of two', () => {
    const messages = convert([
      { id: '1', role: 'user', content: 'Hi' },
      { id: '2', role: 'assistant', toolCalls: [call('a')] },
      { id: '3', role: 'assistant', content: 'Then', toolCalls: [call('b')] },
      { id: '4', role: 'tool', toolCallId: 'b', content: 'B' },
      { id: '5', role: 'tool', toolCallId: 'a', content: '{"status":"stopped"}' },
      { id: '6', role: 'tool', toolCallId: 'a', content: 'A' },
      { id: '7', role: 'tool', toolCallId: 'gone', content: 'nobody called' },
      { id: '8', role: 'activity', activityType: 'x', content: {} },
      { id: '9', role: 'assistant', content: '' },
    ])
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'assistant', 'tool'])
    expect(JSON.stringify(messages[2])).toContain('"value":"A"')
    expect(JSON.stringify(messages[4])).toContain('"value":"B"')
  })

  it('has what this run brought before what the thread has', () => {
    const messages = convert(
      [
        { id: '1', role: 'assistant', toolCalls: [call('a')] },
        { id: '2', role: 'tool', toolCallId: 'a', content: 'waits for approval' },
      ],
      { results: new Map([['a', 'Deleted.']]) },
    )
    expect(JSON.stringify(messages[1])).toContain('"value":"Deleted."')
  })

  const withThoughts = [
    { id: '1', role: 'user', content: 'Hi' },
    { id: '2', role: 'reasoning', content: 'of a turn without calls' },
    { id: '3', role: 'assistant', content: 'Hello' },
    { id: '4', role: 'user', content: 'Look' },
    { id: '5', role: 'reasoning', content: 'before', encryptedValue: '{"p":{"signature":"s"}}' },
    { id: '6', role: 'assistant', toolCalls: [{ ...call('a'), encryptedValue: 'of another agent' }] },
    { id: '7', role: 'tool', toolCallId: 'a', content: 'A' },
    { id: '8', role: 'reasoning', content: 'after' },
    { id: '9', role: 'assistant', content: 'So' },
    { id: '10', role: 'user', content: 'Thanks' },
  ]

  it('has the thoughts of turns with calls, with what their provider signed them with', () => {
    const messages = convert(withThoughts)
    expect(JSON.stringify(messages)).not.toContain('of a turn without calls')
    expect(messages[3]?.content).toEqual([
      { type: 'reasoning', text: 'before', providerOptions: { p: { signature: 's' } } },
      { type: 'tool-call', toolCallId: 'a', toolName: 'look', input: {} },
    ])
    expect(messages[5]?.content).toEqual([
      { type: 'reasoning', text: 'after' },
      { type: 'text', text: 'So' },
    ])
    expect(JSON.stringify(convert(withThoughts, { withThoughts: false }))).not.toContain('reasoning')
  })
})

describe('the system prompt', () => {
  const settings = { system_prompt: 'You are brief.', share_state: true }
  const input = {
    messages: [
      { id: '1', role: 'system', content: 'Speak French.' },
      { id: '2', role: 'developer', content: 'Be kind.' },
    ] as never,
    context: [{ description: 'The page', value: 'Basket, 3 items' }],
    state: { items: [1, 2] },
  }

  it('has who the agent is, what the client adds, the context and the state', () => {
    expect(systemPrompt(input, settings)).toBe(
      [
        'You are brief.',
        'Speak French.',
        'Be kind.',
        'What the application says about the situation:\n- The page: Basket, 3 items',
        'The state of the application, as JSON:\n{"items":[1,2]}',
      ].join('\n\n'),
    )
  })

  it('has no more than there is, and of a large state the beginning', () => {
    const nothing = { messages: [], context: [], state: {} }
    expect(systemPrompt(nothing, { ...settings, system_prompt: '' })).toBe('')
    expect(systemPrompt({ ...nothing, state: { a: 1 } }, { ...settings, share_state: false })).toBe(
      'You are brief.',
    )
    const large = systemPrompt({ ...nothing, state: { text: 'x'.repeat(30_000) } }, settings)
    expect(large.length).toBeLessThan(21_000)
    expect(large).toContain('characters more')
  })

  it('reaches the model as one message', async () => {
    const { model, run } = await useAgent({ system_prompt: 'You are brief.' })
    await run({ input: { context: input.context, state: input.state } })
    expect(model.asked[0]?.messages.map(({ role }) => role)).toEqual(['system', 'user'])
    expect(model.asked[0]?.messages[0]?.content).toContain('Basket, 3 items')
  })
})
