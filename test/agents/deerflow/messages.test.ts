import type { Message } from '@ag-ui/client'
import { describe, expect, it } from 'vitest'
import { STREAMED, TOOL_RUN, WITH_REASONING } from './documented.ts'
import { ai, callChunk, map, result, type Told, USER, whole } from './mapped.ts'

const call = (id: string) => ({ id, type: 'function' as const, function: { name: 'look', arguments: '{}' } })

describe('messages of DeerFlow', () => {
  it('are a text under their own id, so that a later run knows it', async () => {
    const { events, messages } = await map(STREAMED)
    expect(events.map(({ type, delta }) => delta ?? type)).toEqual([
      'STATE_SNAPSHOT',
      'TEXT_MESSAGE_START',
      'Hel',
      'lo ',
      'world!',
      'TEXT_MESSAGE_END',
    ])
    expect(messages).toEqual([USER, { id: 'ai-1', role: 'assistant', content: 'Hello world!' }])
  })

  it('have reasoning before the text, in additional_kwargs', async () => {
    const { messages, types } = await map(WITH_REASONING)
    expect(messages.slice(1)).toMatchObject([
      { role: 'reasoning', content: 'Distances first.' },
      { id: 'ai-2', content: 'About 384,400 km.' },
    ])
    expect(types).not.toContain('MESSAGES_SNAPSHOT')
  })

  it('have content in parts', async () => {
    const { messages } = await map([
      ai([
        { type: 'thinking', thinking: 'Hm. ' },
        { type: 'reasoning', reasoning: 'So. ' },
      ]),
      ai([{ type: 'reasoning', summary: [{ text: 'Well.' }] }]),
      ai([
        { type: 'text', text: 'Yes' },
        ', ',
        { type: 'tool_use', input: {} },
        { type: 'text', text: 'it is.' },
      ]),
    ])
    expect(messages.slice(1)).toMatchObject([{ content: 'Hm. So. Well.' }, { content: 'Yes, it is.' }])
  })

  it('have tool calls, piece by piece and with results', async () => {
    const { messages, types } = await map(TOOL_RUN)
    expect(messages.slice(1)).toMatchObject([
      {
        id: 'ai-3',
        content: 'Let me look.',
        toolCalls: [{ id: 'call_7', function: { name: 'web_search', arguments: '{"query":"moon"}' } }],
      },
      { role: 'tool', toolCallId: 'call_7', content: '384,400 km' },
      { id: 'ai-4', content: 'It is 384,400 km away.' },
    ])
    expect(types).not.toContain('MESSAGES_SNAPSHOT')
  })

  it('have several calls at once, told apart by their index', async () => {
    const { messages } = await map([
      ai('', callChunk(0, '{"a"', 'c0', 'first')),
      ai('', callChunk(1, '{"b"', 'c1', 'second')),
      ai('', callChunk(0, ':1}')),
      ai('', callChunk(1, ':2}')),
      ai('', callChunk(null, ' ')),
      result('c1', [{ type: 'text', text: 'two' }]),
      result('c0', { one: 1 }),
    ])
    expect(messages[1]).toMatchObject({
      id: 'a',
      toolCalls: [
        { id: 'c0', function: { arguments: '{"a":1}' } },
        { id: 'c1', function: { arguments: '{"b":2} ' } },
      ],
    })
    expect(messages.slice(2)).toMatchObject([{ content: 'two' }, { content: '{"one":1}' }])
  })

  it('end a call where the next message begins, and go on as another message after a call', async () => {
    const frames = [
      ai('One'),
      ai('', callChunk(0, '{}', 'c', 'look')),
      ai('Two'),
      ['messages', [{ type: 'AIMessageChunk', id: 'b', content: 'Three' }, {}]] as const,
      [
        'values',
        { messages: [whole('OneTwo', { tool_calls: [{ id: 'c', name: 'look', args: {} }] })] },
      ] as const,
    ]
    const { events, types, messages } = await map(frames)
    expect(types.indexOf('TOOL_CALL_END')).toBeLessThan(events.findIndex(({ delta }) => delta === 'Three'))
    const started = events
      .filter(({ type }) => type === 'TEXT_MESSAGE_START')
      .map(({ messageId }) => messageId)
    expect(new Set(started).size).toBe(3)
    // DeerFlow's state lacks the third, so the client gets what DeerFlow has.
    expect(messages.slice(1)).toMatchObject([{ id: 'a', content: 'OneTwo' }])
  })

  it('may come whole, and once more', async () => {
    const call = whole('Wait.', { tool_calls: [{ id: 'c', name: 'look', args: { at: 'it' } }] })
    const frames: Told[] = [
      ['messages', [call, {}]],
      ['messages', [call, {}]],
      result('c', 'Seen'),
      result('c', 'Seen'),
    ]
    const { messages, types } = await map(frames)
    expect(types.filter((type) => type === 'TEXT_MESSAGE_START' || type === 'TOOL_CALL_RESULT')).toHaveLength(
      2,
    )
    expect(messages[1]).toMatchObject({ toolCalls: [{ function: { arguments: '{"at":"it"}' } }] })
  })

  it('go by another id where the client has one of that name', async () => {
    const messages: Message[] = [
      USER,
      { id: 'a', role: 'assistant', content: 'One', toolCalls: [call('c')] },
      { id: 'result-c', role: 'tool', toolCallId: 'c', content: 'old' },
    ]
    const after = await map([ai('Two', callChunk(0, '{}', 'c', 'look')), result('c', 'new')], { messages })
    expect(after.messages.slice(0, 3)).toEqual(messages)
    const [answer, told] = after.messages.slice(3) as [Message & { toolCalls: { id: string }[] }, Message]
    expect(answer).toMatchObject({ content: 'Two' })
    expect(told).toMatchObject({ role: 'tool', content: 'new', toolCallId: answer.toolCalls[0]!.id })
    expect(new Set(after.messages.map(({ id }) => id)).size).toBe(5)
  })

  it('tell a result of a call that was not told, and none twice of an earlier run', async () => {
    const messages: Message[] = [{ id: 'result-old', role: 'tool', toolCallId: 'old', content: 'x' }]
    const { events } = await map([result('new', 'y', { name: 'ls' }), result('old', 'x')], { messages })
    expect(events).toMatchObject([
      { type: 'TOOL_CALL_START', toolCallName: 'ls', toolCallId: 'new' },
      { type: 'TOOL_CALL_END' },
      { type: 'TOOL_CALL_RESULT', content: 'y' },
    ])
  })

  it('are read in LangChain’s other forms, and refused where they are none', async () => {
    const lc = {
      lc: 1,
      type: 'constructor',
      id: ['langchain', 'AIMessageChunk'],
      kwargs: { id: 'a', content: 'Hi' },
    }
    expect((await map([['messages', [lc, {}]]])).messages[1]).toMatchObject({ id: 'a', content: 'Hi' })
    const documented = { role: 'assistant', content: 'Hi' }
    expect((await map([['messages', documented]])).messages[1]).toMatchObject({ content: 'Hi' })
    await expect(map([['messages', [{ words: 'Hi' }]]])).rejects.toMatchObject({
      code: 'PLATFORM_ANSWER_INVALID',
    })
  })
})
