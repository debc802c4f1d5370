import { describe, expect, it } from 'vitest'
import { compileExpression } from '../../src/triggers/expression.ts'

const evaluate = (source: string, input: object = {}) => compileExpression(source).evaluate(input)

describe('an expression', () => {
  it.each([
    ['key', 'k'],
    ['value.customer.name', 'Ada'],
    ['"order " & $string(offset)', 'order 7'],
    ['value.lines[price > 5].sku', ['b', 'c']],
    ['value.missing', undefined],
    ['headers."x-tenant" ? headers."x-tenant" : "none"', 'none'],
    ['$replace(key, /k/, "thread-")', 'thread-'],
  ])('gives plain JSON: %s', async (source, expected) => {
    const lines = [
      { sku: 'a', price: 1 },
      { sku: 'b', price: 6 },
      { sku: 'c', price: 9 },
    ]
    const input = { key: 'k', value: { customer: { name: 'Ada' }, lines }, headers: {}, offset: 7 }
    expect(await evaluate(source, input)).toEqual(expected)
  })

  it.each([
    ['an endless loop', '($f := function($n) { $f($n + 1) }; $f(1))', 'steps'],
    ['an endless recursion', '($f := function($n) { 1 + $f($n) }; $f(1))', 'recursive'],
    ['a long sequence', '[1..1000000]', '100000'],
    ['many steps', '$sum($map([1..90000], function($i) { $i * 2 }))', 'steps'],
    ['a function for a result', 'function($x) { $x }', 'function'],
    ['a pathological regular expression', '$contains(value, /^(a+)+$/)', 'regular expression'],
  ])('ends: %s', async (_, source, problem) => {
    const from = performance.now()
    await expect(evaluate(source, { value: `${'a'.repeat(40)}b` })).rejects.toThrow(problem)
    expect(performance.now() - from).toBeLessThan(5_000)
  })

  it('is not exhausted by how often it is evaluated, one after the other or side by side', async () => {
    const expression = compileExpression('$sum($map([1..1000], function($i) { $i }))')
    for (let round = 0; round < 20; round += 1)
      await Promise.all([expression.evaluate({}), expression.evaluate({})])
    expect(await expression.evaluate({})).toBe(500_500)
  })

  it.each([
    '$now()',
    '$millis()',
    '$random()',
    'value ~> $shuffle',
    '($f := $now; $f())',
    '$eval(value)',
    'a.$eval(b)',
  ])('is refused where its answer is another at each delivery: %s', (source) => {
    expect(() => compileExpression(source)).toThrow(/uses \$(now|millis|random|shuffle|eval), which/)
  })

  it.each([
    'constructor',
    'value.constructor.constructor("return process")()',
    'key.__proto__',
    '$process',
    'globalThis',
  ])('reaches nothing beyond JSONata: %s', async (source) => {
    const found = await evaluate(source, { value: {}, key: 'k' }).catch((error) => error)
    expect(found === undefined || found instanceof Error).toBe(true)
  })

  it('says what is wrong and where', () => {
    expect(() => compileExpression('value.')).toThrow('Unexpected end of expression (at character 6)')
    expect(() => compileExpression('a'.repeat(10_001))).toThrow('10000 characters')
  })
})
