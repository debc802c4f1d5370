import { describe, expect, it } from 'vitest'
import { fitsAny } from '../../../../src/agents/built-in/tools/patterns.ts'

describe('patterns of tool names', () => {
  it.each([
    ['read_file', 'read_file', true],
    ['read_file', 'read', false],
    ['read_file', 'read*', true],
    ['read_file', '*file', true],
    ['read_file', '*d_f*', true],
    ['read_file', 'r*d*e', true],
    ['read_file', 'r*x*e', false],
    ['read_file', '*', true],
    ['aba', 'ab*ba', false],
    ['a.b', 'a?b', false],
    ['x', '', false],
    ['a'.repeat(5000), `${'*a'.repeat(2000)}b`, false],
  ])('%s and %s: %s', (name, pattern, expected) => {
    expect(fitsAny(name, ['other', pattern])).toBe(expected)
  })
})
