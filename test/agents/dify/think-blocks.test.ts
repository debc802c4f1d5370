import { describe, expect, it } from 'vitest'
import { ThinkBlocks } from '../../../src/agents/dify/think-blocks.ts'

const split = (pieces: readonly string[]) => {
  const blocks = new ThinkBlocks()
  const told = { text: '', reasoning: '' }
  for (const { kind, text } of [...pieces.flatMap((piece) => blocks.push(piece)), ...blocks.flush()])
    told[kind] += text
  return told
}

describe('<think> blocks in an answer', () => {
  const whole = '<think>\nFar, or near?\n</think>\n\nIt is far. 1 <2 '
  const expected = { reasoning: 'Far, or near?\n', text: 'It is far. 1 <2 ' }

  it.each([1, 2, 3, 5, 8, 100])('are reasoning, in pieces of %i', (size) => {
    const pieces = whole.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []
    expect(split(pieces)).toEqual(expected)
  })

  it('may come several times, and need not end', () => {
    expect(split(['a <think>b</think> c <think>d'])).toEqual({ text: 'a c ', reasoning: 'bd' })
  })

  it('are only those: what looks like the beginning of one is text', () => {
    expect(split(['a <thin', 'g> <thi'])).toEqual({ text: 'a <thing> <thi', reasoning: '' })
    expect(split(['  a </think> b'])).toEqual({ text: '  a </think> b', reasoning: '' })
  })
})
