import { describe, expect, it } from 'vitest'
import { BuiltInAgent } from '../../../src/agents/built-in/built-in-agent.ts'
import { check } from '../../../src/agents/built-in/check.ts'
import { type BuiltInOptions, builtInSettings } from '../../../src/agents/built-in/settings.ts'
import { testAgent } from '../../../src/agents/kit/test-agent.ts'
import { fakeTools } from './fake-tools.ts'
import { continued, noticesOf, ofType } from './use-agent.ts'

/**
 * Of real-model-server.py, which says how to start it; or of any other OpenAI-compatible server. The model is too small
 * to call tools, or to say what is true.
 */
const {
  MODEL_SERVER_URL: url,
  MODEL_SERVER_KEY: key = 'sk-real-model',
  MODEL_SERVER_MODEL: model = 'smollm2-135m',
} = process.env

const provider = { base_url: url ?? '', api_key: key, model }
const settings = (more: Partial<BuiltInOptions> = {}) =>
  builtInSettings.parse({ provider, temperature: 0, max_tokens: 24, timeout: 60, ...more })
const make = (more?: Partial<BuiltInOptions>, config?: object) => new BuiltInAgent(settings(more), config)

describe.skipIf(url === undefined)('a real open model', { timeout: 120_000 }, () => {
  it('streams an answer and says what it cost', async () => {
    const { events, text, terminal } = await testAgent(make(), { message: 'What is the capital of France?' })
    expect(terminal).toMatchObject({ type: 'RUN_FINISHED' })
    expect(text).not.toBe('')
    expect(ofType(events, 'TEXT_MESSAGE_CONTENT').length).toBeGreaterThan(3)
    expect(ofType(events, 'CUSTOM').find(({ name }) => name === 'usage')).toMatchObject({
      value: { model, inputTokens: expect.any(Number), outputTokens: expect.any(Number) },
    })
  })

  it('is cut off at its limit of output', async () => {
    const { events } = await testAgent(make({ max_tokens: 3 }), { message: 'Count to one hundred.' })
    expect(noticesOf(events)).toEqual(['OUTPUT_TRUNCATED'])
  })

  it('takes a thread with tools, calls and results', async () => {
    const tools = fakeTools({
      look: { parameters: { type: 'object', properties: { at: { type: 'string' } } } },
    })
    const call = { id: 'c1', type: 'function', function: { name: 'look', arguments: '{"at":"moon"}' } }
    const { terminal, text } = await testAgent(
      make({ system_prompt: 'You are brief.' }, { openTools: tools.open }),
      continued([
        { id: '1', role: 'user', content: 'How is the moon?' },
        { id: '2', role: 'assistant', toolCalls: [call] },
        { id: '3', role: 'tool', toolCallId: 'c1', content: 'It is full.' },
        { id: '4', role: 'assistant', content: 'It is full.' },
        { id: '5', role: 'user', content: 'Say that again.' },
      ]),
    )
    expect(terminal).toMatchObject({ type: 'RUN_FINISHED' })
    expect(text).not.toBe('')
  })

  it('stops within a second', async () => {
    const agent = make({ max_tokens: 1_000 })
    agent.setMessages([{ id: 'm', role: 'user', content: 'Tell me a long story.' }])
    let from = 0
    await agent.runAgent(
      {},
      {
        onTextMessageContentEvent: () => {
          if (from > 0) return
          from = performance.now()
          agent.abortRun()
        },
      },
    )
    expect(performance.now() - from).toBeLessThan(1_000)
    // One slot: the next run begins at once only where the server has let go of the stopped one.
    const next = performance.now()
    await testAgent(make({ max_tokens: 1 }), { message: 'Hi' })
    expect(performance.now() - next).toBeLessThan(5_000)
  })

  it('is told apart from a wrong key and a wrong model', async () => {
    const look = (more: object) =>
      check(settings({ provider: { ...provider, ...more } }), new AbortController().signal)
    expect(await look({})).toMatchObject({ ok: true })
    expect(await look({ model: 'gpt-0' })).toMatchObject({ ok: false, fix: expect.stringContaining(model) })
    const { terminal } = await testAgent(make({ provider: { ...provider, api_key: 'sk-wrong-key' } }))
    expect(terminal).toMatchObject({ type: 'RUN_ERROR' })
    expect(terminal.message).toContain('401')
    expect(terminal.message).not.toContain('sk-wrong-key')
  })
})
