import { describe, expect, it } from 'vitest'
import { chartOf } from '../../bench/report/chart-option.ts'
import type { Result, Row } from '../../bench/report/result.ts'
import { markdownTable, textTable } from '../../bench/report/table.ts'

// What needs echarts is in bench/report/chart.ts and has no test here: these run without bench's dependencies.

const resultOf = (rows: Row[], of: Partial<Result> = {}): Result => ({
  scenario: 'latency',
  title: 'Latency of an event',
  metric: 'From agent to reader',
  unit: 'ms',
  better: 'less',
  taken: '2026-01-01T00:00:00.000Z',
  quick: false,
  rounds: 5,
  machine: { cpu: 'any', cores: 2, memoryGiB: 8, os: 'Linux', node: '24', java: '21' },
  versions: {},
  rows,
  notes: [],
  ...of,
})

const met: Row = {
  load: '1 run, p99',
  ours: 4.567,
  floor: 3.2,
  ratio: 1.427,
  peers: { 'Redis always': 5.1, 'in memory': 3 },
  target: 'at most 10 ms',
  met: true,
  spread: { ours: [4.1, 5.25], floor: [3, 3.4], 'Redis always': [5, 6], 'in memory': [2, 4] },
}
const missed: Row = {
  ...met,
  load: '50 runs, p99',
  ours: 12.34,
  peers: { 'Redis always': null, 'in memory': 2.5 },
  met: false,
  spread: { ours: [11, 15] },
}
const result = resultOf([met, missed])

/** What a chart draws, on axes where a unit is a pixel. */
const shapesOf = (of: Result) =>
  chartOf(of).option.series.flatMap(({ data, renderItem }) =>
    data.flatMap(
      (point) => renderItem({}, { value: (at) => point[at]!, coord: ([x, row]) => [x, row * 100] }).children,
    ),
  )
const textsOf = (of: Result) => shapesOf(of).flatMap(({ style }) => style.text ?? [])

describe('chartOf', () => {
  it('has every load, every contestant, the unit and what is better', () => {
    const { option, width, height } = chartOf(result)
    expect(option.yAxis).toMatchObject({ data: ['1 run, p99', '50 runs, p99'] })
    expect(option.series.map(({ name }) => name)).toEqual([
      'ours',
      'floor: bare Kafka client',
      'Redis always',
      'in memory',
    ])
    expect(option.xAxis[0]).toMatchObject({ name: 'ms' })
    expect(option.title).toMatchObject({
      text: 'Latency of an event',
      subtext: expect.stringContaining('less is better'),
    })
    expect(width).toBe(900)
    expect(height).toBeGreaterThan(200)
  })

  it('has no floor where no row has one', () => {
    const { floor: _, ratio: __, ...row } = met
    expect(chartOf(resultOf([row])).option.series.map(({ name }) => name)).not.toContain(
      'floor: bare Kafka client',
    )
  })

  it('gives every contestant a colour of its own', () => {
    const colors = chartOf(result).option.series.map(({ color }) => color)
    expect(new Set(colors).size).toBe(colors.length)
  })

  it('draws bars from zero on a linear axis, for values near each other', () => {
    expect(chartOf(result).option.xAxis[0]).toMatchObject({ type: 'value' })
    const bars = shapesOf(result).filter(({ type }) => type === 'rect')
    expect(bars).toHaveLength(7)
    expect(bars[0]?.shape).toMatchObject({ x: 0, width: 4.567 })
  })

  it('draws dots on a logarithmic axis, and says so, for values far from each other', () => {
    const far = resultOf([met, { ...met, load: 'many', ours: 640 }])
    expect(chartOf(far).option.xAxis[0]).toMatchObject({
      type: 'log',
      name: 'ms, logarithmic',
      min: 1,
      max: 1000,
    })
    expect(shapesOf(far).map(({ type }) => type)).toContain('circle')
    expect(shapesOf(far).map(({ type }) => type)).not.toContain('rect')
  })

  it('stays linear where a value is zero or less', () => {
    const { option } = chartOf(resultOf([met, { ...met, ours: 0 }, { ...met, ours: 640 }]))
    expect(option.xAxis[0]).toMatchObject({ type: 'value' })
  })

  it('leaves a gap for a peer that did not get through, and says what it means', () => {
    const { option } = chartOf(result)
    expect(option.series.map(({ data }) => data.length)).toEqual([2, 2, 1, 2])
    expect(option.title).toMatchObject({ subtext: expect.stringContaining('Gap:') })
    expect(chartOf(resultOf([met])).option.title).not.toMatchObject({
      subtext: expect.stringContaining('Gap:'),
    })
  })

  it('marks targets that were not reached, at ours alone', () => {
    expect(textsOf(result).filter((text) => String(text).includes('✗'))).toEqual(['12.3 ✗'])
  })

  it.each([1, 2, 24])('draws %i rows without a hole in a number', (count) => {
    const rows = Array.from({ length: count }, (_, at) => ({
      ...(at % 2 ? missed : met),
      load: `load ${at}`,
    }))
    const { option, height } = chartOf(resultOf(rows))
    const drawn = JSON.stringify([height, option, shapesOf(resultOf(rows))], (_, value: unknown) =>
      typeof value === 'number' && !Number.isFinite(value) ? 'NaN' : value,
    )
    expect(drawn).not.toMatch(/NaN|undefined/)
    expect(textsOf(resultOf(rows)).length).toBeGreaterThanOrEqual(count)
  })
})

describe('textTable', () => {
  const lines = textTable(result).split('\n')

  it('says what the figures are', () => {
    expect(lines.slice(0, 2)).toEqual([
      'Latency of an event',
      'From agent to reader (ms), less is better; median of 5 rounds',
    ])
  })

  it('aligns figures of three digits, with a dash for a peer that has none', () => {
    expect(lines.slice(3)).toEqual([
      'load          ours  floor  ratio  Redis always  in memory  target',
      '1 run, p99    4.57   3.20  1.43×          5.10       3.00  ✓ at most 10 ms',
      '50 runs, p99  12.3   3.20  1.43×             –       2.50  ✗ not reached: at most 10 ms',
    ])
  })

  it('leaves out what no row has', () => {
    const row: Row = { load: 'all', ours: 1, peers: {}, spread: {} }
    expect(
      textTable(resultOf([row]))
        .split('\n')
        .slice(3),
    ).toEqual(['load  ours', 'all   1.00'])
  })

  it('numbers peers, with a legend, where their labels do not fit', () => {
    const labels = Array.from({ length: 6 }, (_, at) => `a peer with a long label, number ${at + 1}`)
    const peers = Object.fromEntries(labels.map((label) => [label, 2]))
    const wide = textTable(resultOf([{ ...met, peers }])).split('\n')
    expect(Math.max(...wide.map(({ length }) => length))).toBeLessThanOrEqual(150)
    expect(wide).toContain('[6] a peer with a long label, number 6')
  })

  it('says when rounds were too short', () => {
    expect(textTable(resultOf([met], { quick: true }))).toContain('too short for more than a first look')
  })
})

describe('markdownTable', () => {
  it('has medians, the spread of ours in brackets, and targets met and missed', () => {
    expect(markdownTable(result).split('\n').slice(2)).toEqual([
      '| load | ours | floor | ratio | Redis always | in memory | target |',
      '| --- | ---: | ---: | ---: | ---: | ---: | --- |',
      '| 1 run, p99 | 4.57 (4.10 to 5.25) | 3.20 | 1.43× | 5.10 | 3.00 | ✓ at most 10 ms |',
      '| 50 runs, p99 | 12.3 (11.0 to 15.0) | 3.20 | 1.43× | – | 2.50 | ✗ not reached: at most 10 ms |',
    ])
  })

  it('keeps a bar in a text from ending its cell', () => {
    expect(markdownTable(resultOf([{ ...met, load: 'a | b' }]))).toContain('| a \\| b |')
  })
})
