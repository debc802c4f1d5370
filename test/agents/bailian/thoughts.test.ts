import { describe, expect, it } from 'vitest'
import { lastPiece, piece, thinking } from './frame.ts'
import { mapped, ofType, textOf } from './mapped.ts'

describe('thoughts of an agent', () => {
  const search = {
    action_type: 'agentRag',
    action: 'rag',
    action_name: '知识检索',
    action_input_stream: '{}',
  }
  const found = { ...search, observation: '[{"content":"a"}]' }
  const calls = (events: Awaited<ReturnType<typeof mapped>>) =>
    ofType(events, 'TOOL_CALL_START', 'TOOL_CALL_ARGS', 'TOOL_CALL_END', 'TOOL_CALL_RESULT').map(
      ({ type, toolCallName, delta, content }) => [type, toolCallName ?? delta ?? content],
    )

  it('make a call of an action that is told again in each frame, with its result when that comes', async () => {
    const frames = [[search], [found], [found], [found]].map((thoughts) => thinking(thoughts))
    const events = await mapped([...frames, thinking([found], 'So'), lastPiece('s-1', { thoughts: [found] })])
    expect(calls(events)).toEqual([
      ['TOOL_CALL_START', '知识检索'],
      ['TOOL_CALL_ARGS', '{}'],
      ['TOOL_CALL_END', undefined],
      ['TOOL_CALL_RESULT', '[{"content":"a"}]'],
    ])
    const types = events.map(({ type }) => type)
    expect(types.indexOf('TOOL_CALL_RESULT')).toBeLessThan(types.indexOf('TEXT_MESSAGE_START'))
  })

  it('keep two calls side by side apart, and let each one grow', async () => {
    const memory = (action_input_stream: string, observation?: string) => ({
      action_type: 'api',
      action: 'memory',
      action_name: '长期记忆检索',
      action_input_stream,
      observation,
    })
    const events = await mapped([
      thinking([search, memory('{"query":')]),
      thinking([search, memory('{"query":"who?"}')]),
      thinking([found, memory('{"query":"who?"}', 'no')]),
      thinking([found, memory('{"query":"who?"}', 'nobody')]),
      thinking([found, memory('{"query":"who?"}', 'nobody')], 'Nobody.'),
      lastPiece('s-1'),
    ])
    expect(calls(events)).toEqual([
      ['TOOL_CALL_START', '知识检索'],
      ['TOOL_CALL_START', '长期记忆检索'],
      ['TOOL_CALL_ARGS', '{}'],
      ['TOOL_CALL_END', undefined],
      ['TOOL_CALL_RESULT', '[{"content":"a"}]'],
      ['TOOL_CALL_ARGS', '{"query":"who?"}'],
      ['TOOL_CALL_END', undefined],
      ['TOOL_CALL_RESULT', 'nobody'],
    ])
  })

  it('are another call where the same place tells of other arguments, or another result', async () => {
    const weather = (city: string, observation: string) => ({
      action_type: 'mcp',
      action_name: 'weather',
      arguments: JSON.stringify({ city }),
      observation,
    })
    const events = await mapped([
      thinking([weather('Rome', '{"t":20}')]),
      thinking([weather('Oslo', '{"t":5}')]),
      thinking([weather('Oslo', '{"t":6}')]),
      lastPiece('s-1'),
    ])
    expect(ofType(events, 'TOOL_CALL_RESULT').map(({ content }) => content)).toEqual([
      '{"t":20}',
      '{"t":5}',
      '{"t":6}',
    ])
    expect(new Set(ofType(events, 'TOOL_CALL_START').map(({ toolCallId }) => toolCallId)).size).toBe(3)
  })

  it('give a call without a result one, so that no client takes it for its own', async () => {
    const events = await mapped([thinking([search]), piece('Hm.', 's-1'), lastPiece('s-1')])
    expect(calls(events).at(-1)).toEqual(['TOOL_CALL_RESULT', 'The tool returned no content.'])
  })

  it('take arguments and results that are no texts', async () => {
    const plugin = {
      thought: '开启了插件增强',
      action_type: 'api',
      action_name: 'plugin',
      action_input_stream: '',
      action_input: { userId: '123' },
      observation: { quantity: 102 },
      response: '102',
    }
    const events = await mapped([thinking([plugin]), thinking([plugin]), lastPiece('s-1')])
    expect(textOf(events, 'TOOL_CALL_ARGS')).toBe('{"userId":"123"}')
    expect(ofType(events, 'TOOL_CALL_RESULT')).toMatchObject([{ content: '{"quantity":102}' }])
    expect(textOf(events, 'REASONING_MESSAGE_CONTENT')).toBe('开启了插件增强')
  })

  it('are not told twice where the whole of them comes again, longer or not', async () => {
    const reasoning = (thought: string) => ({ action_type: 'reasoning', action: 'reasoning', thought })
    const whole = ['The moon', 'The moon is', 'The moon is far.', 'The moon is far.']
    const events = await mapped([...whole.map((text) => thinking([reasoning(text)])), lastPiece('s-1')])
    expect(textOf(events, 'REASONING_MESSAGE_CONTENT')).toBe('The moon is far.')
    const twice = await mapped([
      ...['ha', 'ha', '!'].map((text) => thinking([reasoning(text)])),
      lastPiece('s'),
    ])
    expect(textOf(twice, 'REASONING_MESSAGE_CONTENT')).toBe('haha!')
  })

  it('may think only in `response`, and answer in a thought', async () => {
    const events = await mapped([
      thinking([{ action: 'reasoning', action_type: 'reasoning', response: 'Search first.' }]),
      thinking([{ action_type: 'response', response: 'It is far.' }], 'It is far.'),
      lastPiece('s-1'),
    ])
    expect(textOf(events, 'REASONING_MESSAGE_CONTENT')).toBe('Search first.')
    expect(textOf(events)).toBe('It is far.')
    expect(calls(events)).toEqual([])
  })
})
