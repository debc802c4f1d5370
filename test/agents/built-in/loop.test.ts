import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineTool } from '../../../src/agents/built-in/tools/code-tool.ts'
import { sleep } from '../../../src/sleep.ts'
import { ANSWER } from '../suite/agent-case.ts'
import { fakeTools } from './fake-tools.ts'
import { continued, noticesOf, ofType, typesOf, useAgent } from './use-agent.ts'

const look = (args: string | string[] = '{"at":"moon"}') => ({ calls: [{ name: 'look', args }] })

describe('a run of the built-in agent', () => {
  it('streams thoughts, text and arguments as they come, under ids of its own', async () => {
    const tools = fakeTools({ look: { gives: 'It is bright.' } })
    const { model, run } = await useAgent({}, { openTools: tools.open })
    model.reply(
      { reasoning: ['Let ', 'me see'], text: ['One ', 'moment'], ...look(['{"at":', '"moon"}']) },
      { reasoning: ['Ah'], text: ['Bright.'] },
    )
    const { events, messages } = await run()
    expect(typesOf(events)).toEqual([
      'RUN_STARTED',
      'REASONING_START',
      'REASONING_MESSAGE_START',
      'REASONING_MESSAGE_CONTENT',
      'REASONING_MESSAGE_CONTENT',
      'REASONING_MESSAGE_END',
      'REASONING_END',
      'TEXT_MESSAGE_START',
      'TEXT_MESSAGE_CONTENT',
      'TEXT_MESSAGE_CONTENT',
      'TEXT_MESSAGE_END',
      'TOOL_CALL_START',
      'TOOL_CALL_ARGS',
      'TOOL_CALL_ARGS',
      'TOOL_CALL_END',
      'CUSTOM',
      'TOOL_CALL_RESULT',
      'REASONING_START',
      'REASONING_MESSAGE_START',
      'REASONING_MESSAGE_CONTENT',
      'REASONING_MESSAGE_END',
      'REASONING_END',
      'TEXT_MESSAGE_START',
      'TEXT_MESSAGE_CONTENT',
      'CUSTOM',
      'TEXT_MESSAGE_END',
      'RUN_FINISHED',
    ])
    const ids = messages.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    const [call] = ofType(events, 'TOOL_CALL_START')
    const [text] = ofType(events, 'TEXT_MESSAGE_START')
    expect(call).toMatchObject({ toolCallName: 'look', parentMessageId: text?.messageId })
    expect(call?.toolCallId).not.toBe('call_1')
    expect(messages.findLast(({ role }) => role === 'tool')).toMatchObject({
      toolCallId: call?.toolCallId,
      content: 'It is bright.',
    })
  })

  it('gives the model what its tools gave, with what it thought', async () => {
    const tools = fakeTools({
      look: { gives: 'It is bright.', parameters: { type: 'object', required: ['at'] } },
    })
    const { model, run } = await useAgent({ system_prompt: 'You are brief.' }, { openTools: tools.open })
    model.reply({ reasoning: ['Hm'], ...look() }, { text: ['Bright.'] })
    await run({ message: 'How bright is it?' })
    const [first, second] = model.asked
    expect(first).toMatchObject({ stream: true, stream_options: { include_usage: true } })
    expect(first?.tools).toEqual([
      {
        type: 'function',
        function: {
          name: 'look',
          description: 'What look does',
          parameters: { type: 'object', required: ['at'] },
        },
      },
    ])
    const id = second?.messages[2]?.tool_calls?.[0]?.id
    expect(second?.messages).toEqual([
      { role: 'system', content: 'You are brief.' },
      { role: 'user', content: 'How bright is it?' },
      {
        role: 'assistant',
        content: null,
        reasoning_content: 'Hm',
        tool_calls: [{ id, type: 'function', function: { name: 'look', arguments: '{"at":"moon"}' } }],
      },
      { role: 'tool', tool_call_id: id, content: 'It is bright.' },
    ])
  })

  it('calls tools in the model’s order, one after the other, under one message', async () => {
    const order: string[] = []
    const gives = async ({ name }: { name: string }) => {
      order.push(`${name} begins`)
      await sleep(name === 'slow' ? 30 : 0)
      order.push(`${name} ends`)
      return { content: name, isError: false }
    }
    const tools = fakeTools({ slow: { gives }, quick: { gives } })
    const { model, run } = await useAgent({}, { openTools: tools.open })
    const calls = [
      { name: 'slow', args: '{}' },
      { name: 'quick', args: '' },
    ]
    model.reply({ calls })
    const { events, messages } = await run()
    expect(order).toEqual(['slow begins', 'slow ends', 'quick begins', 'quick ends'])
    // Two calls of one answer with no id of the server's own in common, and arguments that a client can parse.
    expect(messages.filter(({ role }) => role === 'assistant')[0]).toMatchObject({
      toolCalls: [
        { function: { name: 'slow', arguments: '{}' } },
        { function: { name: 'quick', arguments: '{}' } },
      ],
    })
    expect(ofType(events, 'TOOL_CALL_RESULT').map(({ content }) => content)).toEqual(['slow', 'quick'])
    expect(model.asked[1]?.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'tool'])
  })

  it('goes on when a tool fails, or is not there', async () => {
    const tools = fakeTools({ look: { gives: () => ({ content: 'error: It is cloudy.', isError: true }) } })
    const { model, run } = await useAgent({}, { openTools: tools.open })
    model.reply({ calls: [{ name: 'look', args: '{}' }] }, { calls: [{ name: 'fly', args: '{' }] })
    const { text, events } = await run()
    expect(text).toBe(ANSWER)
    expect(ofType(events, 'TOOL_CALL_RESULT').map(({ content }) => content)).toEqual([
      'error: It is cloudy.',
      'error: there is no tool "fly"',
    ])
    // What is no JSON object goes to the model as one: templates of open models fail on anything else.
    expect(model.asked[2]?.messages[3]?.tool_calls?.[0]?.function.arguments).toBe('{"not_an_object":"{"}')
  })

  it('tells the model that it repeats a call, three, four and five times', async () => {
    const tools = fakeTools({ look: { gives: 'Bright.' } })
    const { model, run } = await useAgent({}, { openTools: tools.open })
    const same = ['{"a":1,"b":2}', '{ "b": 2, "a": 1 }', '{"a":1,"b":2}', '{"a":1,"b":2}', '{"a":1,"b":2}']
    for (const args of [...same, '{"a":2}']) model.reply({ calls: [{ name: 'look', args }] })
    const { events } = await run()
    const results = ofType(events, 'TOOL_CALL_RESULT').map(({ content }) => String(content))
    expect(results.map((result) => result.match(/(\d) times in a row/)?.[1])).toEqual([
      undefined,
      undefined,
      '3',
      '4',
      '5',
      undefined,
    ])
    expect(results[2]).toMatch(/^Bright\.\n\n\[Notice: .*Read what it gave/)
    expect(results[3]).toContain('try another way')
    expect(results[4]).toContain('Do not call it again')
    expect(model.asked.at(-1)?.messages.at(-3)?.content).toBe(results[4])
  })

  it('sums up at the limit of steps, without tools', async () => {
    const tools = fakeTools({ look: {} })
    const options = {
      max_steps: 2,
      provider_options: { tool_choice: 'required', parallel_tool_calls: false },
    }
    const { model, run } = await useAgent(options, { openTools: tools.open })
    model.reply(look(), look('{"at":"mars"}'), { text: ['In sum.'], calls: [{ name: 'look', args: '{}' }] })
    const { text, events } = await run()
    expect(text).toBe('In sum.')
    expect(model.asked.map((request) => [request.tools?.length, request.tool_choice])).toEqual([
      [1, 'required'],
      [1, 'required'],
      [undefined, undefined],
    ])
    expect(model.asked[2]?.messages.at(-1)).toMatchObject({
      role: 'user',
      content: expect.stringContaining('limit of 2 steps'),
    })
    expect(tools.called).toHaveLength(2)
    expect(ofType(events, 'TOOL_CALL_START')).toHaveLength(2)
    expect(noticesOf(events)).toEqual(['STEP_LIMIT'])
  })

  it('reports what each model call cost', async () => {
    const tools = fakeTools({ look: {} })
    const { model, run } = await useAgent({}, { openTools: tools.open })
    model.reply(
      { ...look(), usage: { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 } },
      { text: ['x'], usage: null },
    )
    const { events } = await run()
    expect(ofType(events, 'CUSTOM')).toEqual([
      {
        type: 'CUSTOM',
        name: 'usage',
        value: { inputTokens: 100, outputTokens: 20, totalTokens: 120, model: 'fake-model-1' },
      },
    ])
  })

  it('says that its answer was cut off by the limit of output', async () => {
    const { model, run } = await useAgent({ max_tokens: 5 })
    model.reply({ text: ['The moon is'], finish: 'length' })
    const { events, text } = await run()
    expect(text).toBe('The moon is')
    expect(noticesOf(events)).toEqual(['OUTPUT_TRUNCATED'])
    expect(model.asked[0]).toMatchObject({ max_tokens: 5 })
  })

  it('calls tools from code', async () => {
    const look = defineTool({
      name: 'look',
      description: 'Looks',
      parameters: z.object({ at: z.string() }),
      execute: ({ at }) => ({ at, bright: true }),
    })
    const { model, run } = await useAgent({}, { tools: [look] })
    model.reply(
      { calls: [{ name: 'look', args: '{"at":1}' }] },
      { calls: [{ name: 'look', args: '{"at":"moon"}' }] },
    )
    const { events, text } = await run()
    expect(text).toBe(ANSWER)
    expect(ofType(events, 'TOOL_CALL_RESULT').map(({ content }) => content)).toEqual([
      expect.stringMatching(/^error: /),
      '{"at":"moon","bright":true}',
    ])
  })

  it('tells the client which tools are missing', async () => {
    const tools = fakeTools({}, { notices: ['The MCP server files is not there.'] })
    const { run } = await useAgent({}, { openTools: tools.open })
    const { events } = await run()
    expect(events[1]).toMatchObject({
      name: 'notice',
      value: { code: 'TOOLS_MISSING', message: 'The MCP server files is not there.' },
    })
    expect(tools.boxes).toEqual({ opened: 1, closed: 1 })
  })

  it('says what is wrong with a run that has no message', async () => {
    const { run } = await useAgent({ system_prompt: 'Hello' })
    const { terminal } = await run(continued([]))
    expect(terminal).toMatchObject({ type: 'RUN_ERROR', code: 'INPUT_INVALID' })
  })
})

describe('a tool of the client', () => {
  const tools = [{ name: 'app.paint', description: 'Paints', parameters: { type: 'object', properties: {} } }]

  it('ends the run, after the other calls, and its result comes with the next one', async () => {
    const box = fakeTools({ look: { gives: 'Bright.' } })
    const { model, run } = await useAgent({}, { openTools: box.open })
    model.reply({
      calls: [
        { name: 'app_paint', args: '{"colour":"red"}' },
        { name: 'look', args: '{}' },
      ],
    })
    const first = await run({ input: { tools } })
    expect(first.terminal).toMatchObject({ type: 'RUN_FINISHED' })
    expect(first.terminal.result).toBeUndefined()
    expect(model.asked).toHaveLength(1)
    expect(ofType(first.events, 'TOOL_CALL_START').map(({ toolCallName }) => toolCallName)).toEqual([
      'app.paint',
      'look',
    ])
    expect(ofType(first.events, 'TOOL_CALL_RESULT')).toHaveLength(1)

    const toolCallId = ofType(first.events, 'TOOL_CALL_START')[0]?.toolCallId
    const result = { id: 'painted', role: 'tool', toolCallId, content: 'Painted.' }
    const second = await run(continued([...first.messages, result], { tools }))
    expect(second.text).toBe(ANSWER)
    const messages = model.asked[1]?.messages ?? []
    expect(messages.map(({ role, content }) => [role, content])).toEqual([
      ['user', 'Hello'],
      ['assistant', null],
      ['tool', 'Painted.'],
      ['tool', 'Bright.'],
    ])
    expect(messages[1]?.tool_calls?.map((call) => call.function.name)).toEqual(['app_paint', 'look'])
  })

  it('is told as unanswered where the person goes on without it', async () => {
    const { model, run } = await useAgent({}, { openTools: fakeTools({}).open })
    model.reply({ calls: [{ name: 'app_paint', args: '{}' }] })
    const { messages } = await run({ input: { tools } })
    await run(continued([...messages, { id: 'u2', role: 'user', content: 'Never mind' }], { tools }))
    expect(model.asked[1]?.messages.slice(-2)).toEqual([
      { role: 'tool', tool_call_id: expect.any(String), content: expect.stringContaining('no result') },
      { role: 'user', content: 'Never mind' },
    ])
  })
})

describe('a stop', () => {
  it.each(['heeds', 'does not heed'])('reaches a tool that %s it, within a second', async (kind) => {
    const begun = Promise.withResolvers<AbortSignal>()
    const ended = Promise.withResolvers<never>()
    const tools = fakeTools({
      look: {
        gives: async (_call, signal) => {
          begun.resolve(signal)
          if (kind === 'heeds') await new Promise((done) => signal.addEventListener('abort', done))
          else await ended.promise
          return { content: 'error: aborted', isError: true }
        },
      },
    })
    const { model, make, fake } = await useAgent({}, { openTools: tools.open })
    model.reply(look())
    const agent = make()
    agent.setMessages([{ id: 'm', role: 'user', content: 'Hello' }])
    const types: string[] = []
    const running = agent.runAgent({}, { onEvent: ({ event }) => void types.push(event.type) })
    const signal = await begun.promise
    const from = performance.now()
    agent.abortRun()
    await running
    expect(performance.now() - from).toBeLessThan(1_000)
    expect(signal.aborted).toBe(true)
    expect(tools.boxes).toEqual({ opened: 1, closed: 1 })
    expect(types.at(-1)).not.toMatch(/^RUN_(FINISHED|ERROR)$/)
    expect(fake.open()).toBe(0)
    expect(model.asked).toHaveLength(1)
  })
})
