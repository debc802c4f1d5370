import { describe, expect, it } from 'vitest'
import { HELP, parseOptions } from '../../bench/options.ts'
import { median, quantiles } from '../../bench/stats.ts'

const NONE = {
  scenarios: [],
  quick: false,
  rounds: 3,
  alone: false,
  profile: false,
  list: false,
  help: false,
}

describe('parseOptions', () => {
  it.each([
    [[], {}],
    [['latency', 'replay'], { scenarios: ['latency', 'replay'] }],
    [['--quick'], { quick: true, rounds: 1 }],
    [['--quick', '--rounds', '5'], { quick: true, rounds: 5 }],
    [['--rounds=2', 'memory', '--alone'], { scenarios: ['memory'], rounds: 2, alone: true }],
    [['--list'], { list: true }],
    [['--help'], { help: true }],
  ])('understands %j', (args, expected) => {
    expect(parseOptions(args)).toEqual({ ...NONE, ...expected })
  })

  it('profiles one scenario, quickly and alone', () => {
    const profile = { profile: true, quick: true, rounds: 1, alone: true }
    expect(parseOptions(['--profile', 'latency'])).toEqual({ ...NONE, ...profile, scenarios: ['latency'] })
  })

  it.each([
    [['--rounds', '0'], '--rounds takes a whole number from 1.'],
    [['--rounds', '1.5'], '--rounds takes a whole number from 1.'],
    [['--rounds', 'many'], '--rounds takes a whole number from 1.'],
    [['--rounds'], 'argument missing'],
    [['--profile'], 'argument missing'],
    [['--fast'], "Unknown option '--fast'"],
  ])('says what is wrong with %j', (args, message) => {
    expect(() => parseOptions(args)).toThrow(TypeError)
    expect(() => parseOptions(args)).toThrow(message)
  })

  it('has a help that names each option', () => {
    for (const name of Object.keys(NONE)) if (name !== 'scenarios') expect(HELP).toContain(`--${name}`)
    expect(HELP).toContain(`default ${NONE.rounds}, quick 1`)
  })
})

describe('median', () => {
  it.each([
    [[3], 3],
    [[9, 1, 5], 5],
    [[4, 1], 2.5],
    [[10, 9, 1, 2], 5.5],
  ])('of %j is %d', (values, expected) => {
    const given = [...values]
    expect(median(given)).toBe(expected)
    expect(given).toEqual(values)
  })
})

describe('quantiles', () => {
  it('are the values below which so many lie, by number and not by text', () => {
    const values = Array.from({ length: 101 }, (_, at) => 100 - at)
    expect(quantiles(values)).toEqual({ p50: 50, p99: 99, p999: 100 })
    expect(values[0]).toBe(100)
  })

  it('of a single value are that value, of none no number', () => {
    expect(quantiles([7])).toEqual({ p50: 7, p99: 7, p999: 7 })
    expect(quantiles([])).toEqual({ p50: Number.NaN, p99: Number.NaN, p999: Number.NaN })
  })
})
