import type { ModelMessage } from 'ai'
import { describe, expect, it } from 'vitest'
import { fitContext, lastTurns } from '../../../src/agents/built-in/context.ts'
import { textTokens, tokensOf } from '../../../src/agents/built-in/tokens.ts'
import { fakeTools } from './fake-tools.ts'
import { continued, noticesOf, useAgent } from './use-agent.ts'

const user = (content: string): ModelMessage => ({ role: 'user', content })
const said = (text: string): ModelMessage => ({ role: 'assistant', content: [{ type: 'text', text }] })
const called = (id: string): ModelMessage => ({
  role: 'assistant',
  content: [{ type: 'tool-call', toolCallId: id, toolName: 'look', input: {} }],
})
const gave = (id: string, value: string): ModelMessage => ({
  role: 'tool',
  content: [{ type: 'tool-result', toolCallId: id, toolName: 'look', output: { type: 'text', value } }],
})

/** 100 tokens each. */
const long = 'x'.repeat(400)
const turn = (at: number): ModelMessage[] => [
  user(`question ${at}`),
  called(`c${at}`),
  gave(`c${at}`, long),
  said(`answer ${at}`),
]
const turns = (count: number) => Array.from({ length: count }, (_, at) => turn(at)).flat()

const textOf = ({ content }: ModelMessage): string =>
  typeof content === 'string' ? content : JSON.stringify(content)
const questions = (messages: ModelMessage[]) => messages.filter(({ role }) => role === 'user').map(textOf)

/** Each call has its result right behind it, and no result is without its call. */
const expectWholePairs = (messages: ModelMessage[]) => {
  const ids = messages.map(({ content }) =>
    typeof content === 'string'
      ? []
      : content.flatMap((part) => ('toolCallId' in part ? [`${part.type}:${part.toolCallId}`] : [])),
  )
  ids.forEach((here, at) => {
    for (const id of here) {
      const [type, call] = id.split(':')
      if (type === 'tool-call') expect(ids[at + 1]).toContain(`tool-result:${call}`)
      if (type === 'tool-result') expect(ids[at - 1]).toContain(`tool-call:${call}`)
    }
  })
}

describe('the cap of turns', () => {
  it('keeps the first user message and the last turns', () => {
    const kept = lastTurns(turns(5), 2)
    expect(questions(kept)).toEqual([
      'question 0',
      expect.stringContaining('left out'),
      'question 3',
      'question 4',
    ])
    expect(kept).toHaveLength(2 + 8)
    expectWholePairs(kept)
  })

  it.each([undefined, 5, 6])('leaves what is within it as it is: %s', (max) => {
    const messages = turns(5)
    expect(lastTurns(messages, max)).toBe(messages)
  })
})

describe('a context above 0.82 of what the model takes', () => {
  const made = (messages: ModelMessage[], maxTokens: number, more: object = {}) =>
    fitContext(messages, { maxTokens, otherTokens: 0, factor: 1, ...more })

  it('is left alone below it', () => {
    const messages = turns(10)
    const size = tokensOf(messages)
    expect(made(messages, Math.ceil(size / 0.82))).toBe(messages)
    expect(made(messages, Math.floor(size / 0.83))).not.toBe(messages)
  })

  it('loses its oldest turns whole, and keeps the first user message', () => {
    const messages = turns(10)
    const max = Math.floor(tokensOf(messages) / 0.83)
    const kept = made(messages, max)
    expect(tokensOf(kept)).toBeLessThanOrEqual(max * 0.6)
    expect(tokensOf(kept)).toBeGreaterThan(max * 0.4)
    expect(questions(kept)[0]).toBe('question 0')
    expect(questions(kept)[1]).toContain('left out')
    expect(questions(kept).at(-1)).toBe('question 9')
    expect(kept[2]).toMatchObject({ role: 'user' })
    expectWholePairs(kept)
  })

  it('counts the system prompt, the tools and what the provider counted more', () => {
    const messages = turns(10)
    const max = Math.ceil(tokensOf(messages) / 0.8)
    expect(made(messages, max)).toBe(messages)
    expect(made(messages, max, { otherTokens: max * 0.1 })).not.toBe(messages)
    expect(made(messages, max, { factor: 1.2 })).not.toBe(messages)
  })

  it('in one long turn: old results are shortened first, then old steps left out, call and result together', () => {
    const steps = (count: number) =>
      Array.from({ length: count }, (_, at) => [called(`c${at}`), gave(`c${at}`, 'y'.repeat(8_000))]).flat()
    const some = [user('the task'), ...steps(6)]
    const short = made(some, 8_000)
    expect(short).toHaveLength(some.length)
    expect(textOf(short[2]!)).toContain('7000 characters more')
    expect(textOf(short.at(-1)!)).toContain('y'.repeat(8_000))
    const many = made([user('the task'), ...steps(60)], 8_000)
    expect(tokensOf(many)).toBeLessThanOrEqual(8_000 * 0.6)
    expect(questions(many)[0]).toBe('the task')
    expect(many.at(-2)).toEqual(called('c59'))
    expectWholePairs(many)
    const tight = made([user('the task'), ...steps(2)], 1_000)
    expect(tokensOf(tight)).toBeLessThan(1_000)
    expectWholePairs(tight)
  })

  it('stays valid again and again', () => {
    let messages: ModelMessage[] = []
    for (let at = 0; at < 100; at += 1) {
      messages = made([...messages, ...turn(at)], 2_000)
      expect(tokensOf(messages)).toBeLessThanOrEqual(2_000 * 0.82)
      expect(questions(messages)[0]).toBe('question 0')
      expect(questions(messages).filter((text) => text.includes('left out')).length).toBeLessThan(2)
      expectWholePairs(messages)
    }
  })
})

describe('a run', () => {
  it('keeps within the limit, with what the provider counted, and says so', async () => {
    const tools = fakeTools({ look: { gives: 'z'.repeat(2_000) } })
    const { model, run } = await useAgent({ max_context_tokens: 2_000 }, { openTools: tools.open })
    const usage = { prompt_tokens: 1_500, completion_tokens: 1, total_tokens: 1_501 }
    model.reply({ calls: [{ name: 'look', args: '{"a":1}' }] })
    model.reply({ calls: [{ name: 'look', args: '{"a":2}' }], usage })
    const { events, text } = await run()
    expect(text).not.toBe('')
    expect(noticesOf(events)).toEqual(['CONTEXT_COMPRESSED'])
    expect(JSON.stringify(model.asked[1])).toContain('z'.repeat(2_000))
    expect(JSON.stringify(model.asked[2])).toContain('characters more, left out')
  })

  it('has the turns that it is allowed', async () => {
    const { model, run } = await useAgent({ max_turns: 1 })
    const messages = ['a', 'b', 'c'].flatMap((content) => [
      { id: content, role: 'user', content },
      { id: `${content}2`, role: 'assistant', content: `re ${content}` },
    ])
    await run(continued([...messages, { id: 'd', role: 'user', content: 'd' }]))
    expect(model.asked[0]?.messages.map(({ content }) => content)).toEqual([
      'a',
      expect.stringContaining('left out'),
      'd',
    ])
  })
})

it('estimates tokens by characters, and counts Han and kana whole', () => {
  expect(textTokens('x'.repeat(400))).toBe(100)
  expect(textTokens('月はどこですか')).toBe(7)
})
