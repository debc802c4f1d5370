import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { fakeTools } from './fake-tools.ts'
import { noticesOf, ofType, useAgent } from './use-agent.ts'

/** A stream as a server sends it; fixtures/README.md has the sources. */
const frames = (name: string): string[] =>
  readFileSync(new URL(`fixtures/${name}.sse`, import.meta.url), 'utf8')
    .trimEnd()
    .split('\n\n')

/** A run whose model answers so, and then with what the fake says. */
const play = async (name: string) => {
  const { model, run } = await useAgent({}, { openTools: fakeTools({ look: { gives: 'Bright.' } }).open })
  model.reply({ frames: frames(name) })
  const { events, messages } = await run()
  const usage = ofType(events, 'CUSTOM').find((event) => event.name === 'usage')?.value
  const calls = messages.flatMap((message) => (message.role === 'assistant' ? (message.toolCalls ?? []) : []))
  const said = (type: string) =>
    ofType(events, type)
      .map(({ delta }) => delta)
      .join('')
  return { events, usage, calls: calls.map((call) => call.function), said }
}

it('llama.cpp', async () => {
  const { said, usage, events } = await play('llama-cpp')
  expect(said('TEXT_MESSAGE_CONTENT')).toBe('The moon is approximately 140,760')
  expect(usage).toMatchObject({ model: 'smollm2-135m', outputTokens: 12 })
  expect(noticesOf(events)).toEqual(['OUTPUT_TRUNCATED'])
})

it('OpenAI on Azure, with two calls', async () => {
  const { calls, usage, events } = await play('azure-openai')
  expect(calls).toEqual([
    { name: 'look', arguments: '{"at":"moon"}' },
    { name: 'look', arguments: '{"at":"sun"}' },
  ])
  expect(ofType(events, 'TOOL_CALL_ARGS').map(({ delta }) => delta)).toEqual([
    '{"',
    'at',
    '":"moon"}',
    '{"at":"sun"}',
  ])
  expect(usage).toEqual({
    inputTokens: 152,
    outputTokens: 87,
    totalTokens: 239,
    // Its first chunk names none; then it is the one that was asked.
    model: 'fake-model-1',
  })
})

it('DeepSeek, with thoughts', async () => {
  const { said, usage } = await play('deepseek')
  expect(said('REASONING_MESSAGE_CONTENT')).toBe('9.8 is 9.80.')
  expect(said('TEXT_MESSAGE_CONTENT')).toBe('9.8 is greater.')
  expect(usage).toEqual({ inputTokens: 17, outputTokens: 30, totalTokens: 47, model: 'deepseek-v4-flash' })
})

it('Ollama, with a whole call in one chunk', async () => {
  const { calls } = await play('ollama')
  expect(calls).toEqual([{ name: 'look', arguments: '{"at":"moon"}' }])
})
