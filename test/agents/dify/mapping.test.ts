import { describe, expect, it } from 'vitest'
import type { DifyFrame } from '../../../src/agents/dify/frame.ts'
import { agentSaid, END, said } from './frames.ts'
import { mapped } from './mapped.ts'

describe('an answer', () => {
  it('that comes once more as a whole is said once', async () => {
    const { text } = await mapped([...agentSaid('It is ', 'far.'), ...said('It is far.'), END])
    expect(text).toBe('It is far.')
  })

  it('that comes once more with line ends between an agent’s rounds is said once', async () => {
    const { text, replaced } = await mapped([...agentSaid('One.', 'Two.'), ...said('One.\nTwo.\n'), END])
    expect([text, replaced]).toEqual(['One.Two.', []])
  })

  it('of which the whole has more says the rest', async () => {
    const { text } = await mapped([...agentSaid('It is '), ...said('It is far.'), END])
    expect(text).toBe('It is far.')
  })

  it('whose whole is another one takes its place', async () => {
    const { replaced } = await mapped([...agentSaid('A secret'), ...said('I may not say that.'), END])
    expect(replaced).toEqual(['I may not say that.'])
  })

  it('that repeats itself in a chat is not shortened', async () => {
    const { text } = await mapped([...said('ha', 'ha', 'haha'), END])
    expect(text).toBe('hahahaha')
  })

  it('is replaced by moderation', async () => {
    const { replaced } = await mapped([...said('Bad'), { event: 'message_replace', answer: 'Good' }, END])
    expect(replaced).toEqual(['Good'])
  })

  it('has its <think> blocks as reasoning', async () => {
    const { text, reasoning } = await mapped([...said('<thi', 'nk>Hm.</think>\n\nYes', ' <'), END])
    expect([text, reasoning]).toEqual(['Yes <', 'Hm.'])
  })

  it('does not think on in the next message', async () => {
    const { text } = await mapped([
      ...said('<think>Hm'),
      { event: 'message', message_id: 'n', answer: 'Yes' },
      END,
    ])
    expect(text).toBe('Yes')
  })

  it('of another message is another message', async () => {
    const { types } = await mapped([{ event: 'message', message_id: 'a', answer: 'x' }, ...said('y'), END])
    expect(types.filter((type) => type === 'TEXT_MESSAGE_START')).toHaveLength(2)
  })
})

describe('an agent’s thought, which comes again and again', () => {
  const thought = (rest: Partial<DifyFrame>): DifyFrame => ({ event: 'agent_thought', id: 't1', ...rest })
  const call = { tool: 'moon;sun', tool_input: '{"moon": {"unit": "km"}, "sun": "{\\"unit\\": \\"au\\"}"}' }
  const rounds = [
    thought({ thought: '', tool: '', tool_input: '', observation: '' }),
    ...agentSaid('Let me measure.'),
    thought({ thought: 'Let me measure.', ...call, observation: '' }),
    thought({ thought: 'Let me measure.', ...call, observation: '{"moon": "384400", "sun": ""}' }),
    thought({ thought: 'Let me measure.', ...call, observation: '{"moon": "384400", "sun": ""}' }),
    ...agentSaid('Far.'),
    END,
  ]

  it('is a call and a result for each tool, once', async () => {
    const { events, types } = await mapped(rounds)
    const calls = events.filter(({ type }) => type === 'TOOL_CALL_START')
    expect(calls.map(({ toolCallName }) => toolCallName)).toEqual(['moon', 'sun'])
    expect(events.filter(({ type }) => type === 'TOOL_CALL_ARGS').map(({ delta }) => delta)).toEqual([
      '{"unit":"km"}',
      '{"unit":"au"}',
    ])
    expect(
      events
        .filter(({ type }) => type === 'TOOL_CALL_RESULT')
        .map(({ toolCallId, content }) => [toolCallId, content]),
    ).toEqual([
      [calls[0]?.toolCallId, '384400'],
      [calls[1]?.toolCallId, ''],
    ])
    expect(types.filter((type) => type === 'TEXT_MESSAGE_START')).toHaveLength(2)
  })

  it('is no reasoning where it was said aloud', async () => {
    const { text, reasoning } = await mapped(rounds)
    expect([text, reasoning]).toEqual(['Let me measure.Far.', ''])
  })

  it('is reasoning where it was not, each part once', async () => {
    const { reasoning } = await mapped([
      thought({ thought: 'First' }),
      thought({ thought: 'First, then' }),
      thought({ thought: 'First, then' }),
      END,
    ])
    expect(reasoning).toBe('First, then')
  })

  it('may have one text for its tool', async () => {
    const { events } = await mapped([
      thought({ tool: 'moon', tool_input: 'how far', observation: 'It is 384,400 km.' }),
      END,
    ])
    expect(events.find(({ type }) => type === 'TOOL_CALL_ARGS')?.delta).toBe('"how far"')
    expect(events.find(({ type }) => type === 'TOOL_CALL_RESULT')?.content).toBe('It is 384,400 km.')
  })
})

describe('the extras', () => {
  it('are CUSTOM events: audio, logs, references, annotations, files, and audio may trail', async () => {
    const run = await mapped([
      { event: 'agent_log', data: { id: 'l', status: 'success' } },
      { event: 'tts_message', audio: 'AAAA' },
      { event: 'message_file', id: 'f', type: 'image', belongs_to: 'assistant', url: 'https://x/y.png' },
      ...said('x'),
      {
        event: 'message_end',
        metadata: { retriever_resources: [{ position: 1 }], annotation_reply: { id: 'a' } },
        files: [{ type: 'image' }],
      },
      { event: 'tts_message', audio: 'BBBB' },
      { event: 'tts_message_end', audio: '' },
      ...said('not read any more'),
    ])
    expect(run.types.filter((type) => type.startsWith('CUSTOM'))).toEqual([
      'CUSTOM dify.agent_log',
      'CUSTOM dify.tts_message',
      'CUSTOM dify.message_file',
      'CUSTOM dify.retriever_resources',
      'CUSTOM dify.annotation_reply',
      'CUSTOM dify.files',
      'CUSTOM dify.tts_message',
      'CUSTOM dify.tts_message_end',
    ])
    expect(run.text).toBe('x')
  })

  it('of a later version of Dify are passed over', async () => {
    const { types } = await mapped([{ event: 'something_new', data: {} }, { event: 'ping' }, {}, END])
    expect(types).toEqual([])
  })
})
