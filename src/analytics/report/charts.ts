import type { Percentiles, Report } from './report-data.ts'
import { timeText } from './sections.ts'
import { textWidth } from './text-width.ts'

/** For echarts; its own types are not here where it is not installed. */
export interface Chart {
  /** Of the section that it belongs to. */
  section: string
  /** What a screen reader says of it. */
  title: string
  height: number
  option: Record<string, unknown>
}

/** Colours that the page replaces by variables, one set for a light and one for a dark background. */
export const INK = { text: '#010101', faint: '#020202', line: '#030303' } as const
export const SERIES = [
  '#0a0a01',
  '#0a0a02',
  '#0a0a03',
  '#0a0a04',
  '#0a0a05',
  '#0a0a06',
  '#0a0a07',
  '#0a0a08',
] as const
const GOOD = SERIES[0]
const BAD = SERIES[1]

/** A chart for each section that has something to show. */
export const chartsOf = (report: Report): Chart[] =>
  [
    runsByDay(report),
    timing(report, 'durations', 'duration', 'Duration of runs by agent: median, p90 and p99'),
    timing(report, 'first-token', 'firstToken', 'Time to first token by agent: median, p90 and p99'),
    errors(report),
    toolCalls(report),
    toolLatency(report),
    tokens(report),
  ].filter((chart) => chart !== undefined)

const BASE = { animation: false, textStyle: { fontFamily: 'sans-serif' } }
const LABEL = { color: INK.text, fontSize: 12 }
const legend = { top: 0, left: 0, textStyle: LABEL, itemWidth: 12, itemHeight: 12 }
const valueAxis = (more: object = {}) => ({
  type: 'value',
  axisLabel: { ...LABEL, color: INK.faint },
  splitLine: { lineStyle: { color: INK.line } },
  ...more,
})
const categories = (names: readonly string[], more: object = {}) => ({
  type: 'category',
  data: names,
  axisLabel: LABEL,
  axisTick: { show: false },
  axisLine: { lineStyle: { color: INK.faint } },
  ...more,
})

const runsByDay = ({ byDay, agents }: Report): Chart | undefined => {
  const days = [...new Set(byDay.map(({ day }) => day))]
  if (days.length === 0) return undefined
  const counts = new Map(byDay.map(({ day, agent, runs }) => [`${day} ${agent}`, runs]))
  return {
    section: 'runs-by-day',
    title: 'Runs by day, one colour an agent',
    height: 300,
    option: {
      ...BASE,
      legend,
      grid: { left: 60, right: 20, top: 40, bottom: 30 },
      xAxis: categories(days),
      yAxis: valueAxis({ minInterval: 1 }),
      series: agents.map(({ agent }, at) => ({
        type: 'bar',
        stack: 'runs',
        name: agent,
        color: SERIES[at],
        data: days.map((day) => counts.get(`${day} ${agent}`) ?? 0),
      })),
    },
  }
}

/** One colour, fainter where fewer runs are. */
const NAMED: [name: string, opacity: number][] = [
  ['median', 1],
  ['p90', 0.65],
  ['p99', 0.35],
]

/** Rows of three bars on a scale by powers of ten: agents may differ by orders of magnitude. */
const percentileBars = (rows: readonly { name: string; times: Percentiles }[]) => {
  // A bar on a logarithmic scale begins at a power of ten, and nothing is below one millisecond.
  const least = Math.min(...rows.map(({ times }) => Math.max(1, times[0] ?? 1)))
  const min = 10 ** Math.floor(Math.log10(least))
  return {
    height: rows.length * 58 + 80,
    option: {
      ...BASE,
      legend,
      grid: { left: leftOf(rows.map(({ name }) => name)), right: 70, top: 36, bottom: 30 },
      xAxis: valueAxis({
        type: 'log',
        min,
        axisLabel: { ...LABEL, color: INK.faint, formatter: tickText },
      }),
      yAxis: categories(
        rows.map(({ name }) => name),
        { inverse: true },
      ),
      series: NAMED.map(([name, opacity], at) => ({
        type: 'bar',
        name,
        color: SERIES[0],
        itemStyle: { opacity },
        barMaxWidth: 14,
        label: {
          show: true,
          position: 'right',
          opacity: 1,
          ...LABEL,
          fontSize: 11,
          formatter: ({ value }: { value: number }) => timeText(value),
        },
        data: rows.map(({ times }) => Math.max(min, times[at] ?? min)),
      })),
    },
  }
}

const timing = (
  { agents }: Report,
  section: string,
  what: 'duration' | 'firstToken',
  title: string,
): Chart | undefined => {
  const rows = agents
    .filter((row) => row[what][0] !== null)
    .map((row) => ({ name: row.agent, times: row[what] }))
  return rows.length === 0 ? undefined : { section, title, ...percentileBars(rows) }
}

const ROWS_MAX = 15

const horizontalBars = (
  names: readonly string[],
  series: readonly { name: string; color: string; data: number[] }[],
) => ({
  height: names.length * 26 + 70,
  option: {
    ...BASE,
    legend: { ...legend, show: series.length > 1 },
    grid: { left: leftOf(names), right: 60, top: series.length > 1 ? 36 : 10, bottom: 30 },
    xAxis: valueAxis({ minInterval: 1 }),
    yAxis: categories(names, { inverse: true }),
    series: series.map((each) => ({ type: 'bar', stack: 'all', barMaxWidth: 16, ...each })),
  },
})

const errors = ({ errors: all }: Report): Chart | undefined => {
  const rows = all.slice(0, ROWS_MAX)
  if (rows.length === 0) return undefined
  return {
    section: 'errors',
    title: 'Runs that failed or were rejected, by code',
    ...horizontalBars(
      rows.map(({ code }) => code),
      [
        {
          name: 'failed',
          color: BAD,
          data: rows.map(({ status, runs }) => (status === 'failed' ? runs : 0)),
        },
        {
          name: 'rejected',
          color: SERIES[3],
          data: rows.map(({ status, runs }) => (status === 'rejected' ? runs : 0)),
        },
      ],
    ),
  }
}

const toolCalls = ({ tools }: Report): Chart | undefined => {
  const rows = tools.slice(0, ROWS_MAX)
  if (rows.length === 0) return undefined
  return {
    section: 'tools',
    title: 'Tool calls by name, and how many failed',
    ...horizontalBars(
      rows.map(({ name }) => name),
      [
        { name: 'other calls', color: GOOD, data: rows.map(({ calls, failed }) => calls - failed) },
        { name: 'failed', color: BAD, data: rows.map(({ failed }) => failed) },
      ],
    ),
  }
}

const toolLatency = ({ tools }: Report): Chart | undefined => {
  const rows = tools
    .filter(({ latency }) => latency[0] !== null)
    .slice(0, ROWS_MAX)
    .map(({ name, latency }) => ({ name, times: latency }))
  if (rows.length === 0) return undefined
  return { section: 'tools', title: 'Latency of tool calls: median, p90 and p99', ...percentileBars(rows) }
}

const tokens = ({ tokensByDay }: Report): Chart | undefined => {
  if (tokensByDay.length === 0) return undefined
  return {
    section: 'tokens',
    title: 'Tokens by day, input and output',
    height: 280,
    option: {
      ...BASE,
      legend,
      grid: { left: 70, right: 20, top: 40, bottom: 30 },
      xAxis: categories(tokensByDay.map(({ day }) => day)),
      yAxis: valueAxis({ axisLabel: { ...LABEL, color: INK.faint, formatter: compact } }),
      series: [
        {
          type: 'bar',
          stack: 'tokens',
          name: 'input',
          color: GOOD,
          data: tokensByDay.map(({ input }) => input),
        },
        {
          type: 'bar',
          stack: 'tokens',
          name: 'output',
          color: SERIES[2],
          data: tokensByDay.map(({ output }) => output),
        },
      ],
    },
  }
}

const compactNumber = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })
const compact = (value: number): string => compactNumber.format(value)

/** Powers of ten of a millisecond. */
const tickText = (ms: number): string => (ms < 1_000 ? `${ms} ms` : `${(ms / 1_000).toLocaleString('en')} s`)

/** Room for the names beside their rows. */
const leftOf = (names: readonly string[]): number =>
  Math.min(260, 20 + Math.max(...names.map((name) => textWidth(name, 12))))
