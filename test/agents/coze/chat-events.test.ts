import { expect, it } from 'vitest'
import { ChatEvents } from '../../../src/agents/coze/chat-events.ts'
import type { CozeFrame } from '../../../src/agents/coze/frame.ts'
import { RunEvents } from '../../../src/agents/run-events.ts'
import type { AnyEvent } from '../../../src/run/event.ts'
import { framesOf } from './fixture.ts'

/** The frames' events, each without what is the same in all. */
const mapped = (frames: CozeFrame[], submitted: string[] = []): { events: AnyEvent[]; chat: ChatEvents } => {
  const events: AnyEvent[] = []
  const chat = new ChatEvents(
    new RunEvents((event) => events.push(event as never)),
    'https://fake',
    submitted,
  )
  for (const frame of frames) chat.take(frame)
  return { events, chat }
}

const textOf = (events: AnyEvent[]): string =>
  events.map(({ type, delta }) => (type === 'TEXT_MESSAGE_CONTENT' ? delta : '')).join('')

const customs = (events: AnyEvent[]) =>
  events.flatMap(({ type, name, value }) => (type === 'CUSTOM' ? [[name, value]] : []))

const delta = (id: string, content: string, more: object = {}): CozeFrame => ({
  event: 'conversation.message.delta',
  data: { id, type: 'answer', content, content_type: 'text', ...more },
})

const whole = (id: string, type: string, content: string, more: object = {}): CozeFrame => ({
  event: 'conversation.message.completed',
  data: { id, type, content, content_type: 'text', ...more },
})

const waits = (...tool_calls: object[]): CozeFrame => ({
  event: 'conversation.chat.requires_action',
  data: {
    id: 'chat',
    conversation_id: 'conversation',
    required_action: { type: 'submit_tool_outputs', submit_tool_outputs: { tool_calls } },
  },
})

it('maps an answer that comes piece by piece, once', () => {
  const { events, chat } = mapped(framesOf('answer'))
  expect(textOf(events)).toBe('20星期三。')
  expect(events.filter(({ type }) => type === 'TEXT_MESSAGE_START')).toHaveLength(1)
  expect(customs(events)).toEqual([
    ['coze.verbose', { msg_type: 'generate_answer_finish', data: '', from_module: null, from_unit: null }],
    ['usage', { inputTokens: 614, outputTokens: 19, totalTokens: 633 }],
  ])
  expect(chat.ids).toEqual({ conversation_id: '7381473525342978089', chat_id: '7382159487131697202' })
  expect(chat.ended).toBe(true)
})

it('maps a plugin’s call and its result', () => {
  const { events } = mapped(framesOf('plugin'))
  const [start, args, end, result] = events
  expect(start).toMatchObject({ type: 'TOOL_CALL_START', toolCallName: 'tupianlijie-imgUnderstand' })
  expect(args).toMatchObject({ type: 'TOOL_CALL_ARGS', delta: '{"text":"描述图片里有什么"}' })
  expect(end).toMatchObject({ type: 'TOOL_CALL_END' })
  expect(result).toMatchObject({ type: 'TOOL_CALL_RESULT', toolCallId: start?.toolCallId })
  expect(result?.content).toContain('这幅图像描绘了')
  expect(textOf(events)).toBe('这是')
})

it('maps every kind of message of the documentation’s overview', () => {
  const { events } = mapped(framesOf('overview'))
  expect(customs(events)).toEqual([
    ['coze.knowledge', '---\nrecall slice 1:xxxxxxx\n'],
    ['coze.card', { elements: [] }],
    ['coze.verbose', { msg_type: 'generate_answer_finish', data: '' }],
    ['coze.follow_up', '朗尼克的报价是否会成功？'],
    ['usage', { inputTokens: 2224, outputTokens: 1173, totalTokens: 3397 }],
  ])
  // The overview's call is no JSON: it is told as it is.
  expect(events.find(({ type }) => type === 'TOOL_CALL_ARGS')?.delta).toContain('今天的体育新闻')
  expect(events.find(({ type }) => type === 'TOOL_CALL_RESULT')).toMatchObject({ content: '........' })
  expect(events.filter(({ type }) => type === 'TEXT_MESSAGE_START')).toHaveLength(2)
  expect(textOf(events)).toBe('以下是你好你好')
})

it('maps reasoning before the answer', () => {
  const { events } = mapped([
    delta('m', '', { reasoning_content: 'Far ' }),
    delta('m', '', { reasoning_content: 'away.' }),
    delta('m', 'It is far.'),
    whole('m', 'answer', 'It is far.', { reasoning_content: 'Far away.' }),
  ])
  expect(events.map(({ type, delta = '' }) => `${type} ${delta}`.trim())).toEqual([
    'REASONING_START',
    'REASONING_MESSAGE_START',
    'REASONING_MESSAGE_CONTENT Far',
    'REASONING_MESSAGE_CONTENT away.',
    'REASONING_MESSAGE_END',
    'REASONING_END',
    'TEXT_MESSAGE_START',
    'TEXT_MESSAGE_CONTENT It is far.',
    'TEXT_MESSAGE_END',
  ])
})

it('tells an answer that did not come piece by piece, with its reasoning', () => {
  const { events } = mapped([whole('m', 'answer', 'It is far.', { reasoning_content: 'Far away.' })])
  expect(textOf(events)).toBe('It is far.')
  expect(events.find(({ type }) => type === 'REASONING_MESSAGE_CONTENT')).toMatchObject({
    delta: 'Far away.',
  })
})

it('does not tell reasoning again that came piece by piece', () => {
  const { events } = mapped([
    delta('m', '', { reasoning_content: 'Far away.' }),
    whole('m', 'answer', 'It is far.', { reasoning_content: 'Far away.' }),
  ])
  expect(events.filter(({ type }) => type === 'REASONING_MESSAGE_CONTENT')).toHaveLength(1)
  expect(textOf(events)).toBe('It is far.')
})

it('does not tell an answer again that comes under another id', () => {
  const { events } = mapped([delta('m', 'It is '), delta('m', 'far.'), whole('n', 'answer', 'It is far.')])
  expect(textOf(events)).toBe('It is far.')
})

it('leaves speech out of the text', () => {
  const { events } = mapped([
    { event: 'conversation.audio.delta', data: { id: 'm', content: 'AAAA', content_type: 'audio' } },
    whole('m', 'answer', 'AAAA', { content_type: 'audio' }),
  ])
  expect(textOf(events)).toBe('')
  expect(customs(events)).toEqual([['coze.audio', { id: 'm', content: 'AAAA', content_type: 'audio' }]])
})

it('gives results to calls in their order, and keeps those of no call', () => {
  const { events } = mapped([
    whole('a', 'function_call', '{"name":"one","arguments":{}}'),
    whole('b', 'function_call', '{"name":"two","arguments":"{}"}'),
    whole('c', 'tool_response', 'first'),
    whole('d', 'tool_response', 'second'),
    whole('e', 'tool_response', 'third'),
  ])
  const ids = events.flatMap(({ type, toolCallId }) => (type === 'TOOL_CALL_START' ? [toolCallId] : []))
  const results = events.filter(({ type }) => type === 'TOOL_CALL_RESULT')
  expect(results.map(({ toolCallId, content }) => [toolCallId, content])).toEqual([
    [ids[0], 'first'],
    [ids[1], 'second'],
  ])
  expect(customs(events)).toEqual([['coze.tool_response', 'third']])
})

it('makes an interrupt of each call that a chat waits for', () => {
  const { events, chat } = mapped(framesOf('requires-action'))
  const [start, args] = events
  expect(start).toMatchObject({ type: 'TOOL_CALL_START', toolCallName: 'get_rain_probability' })
  expect(args).toMatchObject({ delta: '{"location":"河南"}' })
  const toolCallId = start?.toolCallId
  expect(chat.required).toEqual({
    interrupts: [
      {
        id: toolCallId,
        reason: 'tool_call',
        toolCallId,
        message: 'The bot waits for the result of get_rain_probability.',
      },
    ],
    calls: [
      {
        interrupt: toolCallId,
        tool_call: toolCallId,
        tool_call_id: 'BUJJS0JKQ0dHR0VeFkNCQF5HEEZBXhJFEUJeEhFCRkESSktDREISSUI=',
      },
    ],
  })
  expect(customs(events)).toEqual([])
})

it('tells a call once that Coze tells of twice', () => {
  const { events, chat } = mapped([
    whole('a', 'function_call', '{"name":"weather-get_rain","arguments":{"location":"Henan"}}'),
    whole('b', 'function_call', '{"name":"weather-get_wind","arguments":{"location":"Henan"}}'),
    whole('c', 'function_call', '{"name":"weather-get_wind","arguments":{"location":"Hunan"}}'),
    waits(
      { id: 'x', type: 'function', function: { name: 'get_rain', arguments: '{"location": "Henan"}' } },
      { id: 'y', type: 'function', function: { name: 'get_wind', arguments: '{"location": "Hunan"}' } },
    ),
  ])
  const starts = events.filter(({ type }) => type === 'TOOL_CALL_START')
  expect(starts).toHaveLength(3)
  expect(chat.required?.interrupts[1]?.toolCallId).toBe(starts[2]?.toolCallId)
  expect(chat.required?.interrupts[0]?.toolCallId).toBe(starts[0]?.toolCallId)
})

it('asks what a workflow’s question node asks', () => {
  const { events, chat } = mapped([
    delta('m', 'Which city?'),
    whole('m', 'answer', 'Which city?'),
    waits({ id: '', type: 'reply_message', function: null, require_info: null }),
  ])
  expect(events.filter(({ type }) => type === 'TOOL_CALL_START')).toEqual([])
  expect(chat.required?.interrupts).toEqual([
    {
      id: expect.any(String),
      reason: 'input_required',
      message: 'Which city?',
      responseSchema: { type: 'string' },
    },
  ])
})

it('passes over what a resumed chat repeats of the results that it was given', () => {
  const { events } = mapped(framesOf('submitted'), ['{"probability":0.5}'])
  expect(events.filter(({ type }) => type === 'TOOL_CALL_RESULT')).toEqual([])
  expect(customs(events).map(([name]) => name)).toEqual(['coze.verbose', 'coze.follow_up', 'usage'])
  expect(textOf(events)).toBe('河南的降水概率为50%。')
})

it('hands on events that the documentation does not know', () => {
  const { events } = mapped([{ event: 'conversation.new.thing', data: { a: 1 } }])
  expect(customs(events)).toEqual([['coze.event', { event: 'conversation.new.thing', data: { a: 1 } }]])
})

// The first is of the page "Chat", the second of the tests of Coze's Python SDK, as is the third.
it.each([
  ['conversation.chat.failed', { code: 701231, msg: 'error' }, '701231'],
  ['conversation.chat.failed', { last_error: { code: 5000, msg: 'event interval error' } }, '5000'],
  ['error', {}, 'PLATFORM_REFUSED'],
  ['conversation.chat.failed', { last_error: null }, 'PLATFORM_REFUSED'],
  ['conversation.chat.canceled', {}, 'INCOMPLETE_STREAM'],
  ['conversation.chat.requires_action', {}, 'PLATFORM_ANSWER_INVALID'],
])('fails with Coze’s code: %s %j', (event, data, code) => {
  expect(() => mapped([{ event, data }])).toThrow(expect.objectContaining({ code }))
})
