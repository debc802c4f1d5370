import type { Percentiles, Report } from './report-data.ts'

/** A table of the report, the same in the terminal and on the page. */
export interface Section {
  id: string
  title: string
  note?: string
  head: string[]
  /** Of the columns that are aligned to the right. */
  numeric: string[]
  rows: string[][]
}

export const sectionsOf = (report: Report): Section[] => [
  byDay(report),
  agents(report),
  timing(
    'durations',
    'Duration of runs',
    report,
    'duration',
    'From the claim to the end, in runs that were claimed.',
  ),
  timing(
    'first-token',
    'Time to first token',
    report,
    'firstToken',
    'From the claim to the first delta of text, reasoning or tool arguments.',
  ),
  errors(report),
  tools(report),
  tokens(report),
]

const section = (
  id: string,
  title: string,
  text: readonly string[],
  numeric: readonly string[],
  rows: string[][],
  note?: string,
): Section => ({ id, title, head: [...text, ...numeric], numeric: [...numeric], rows, ...(note && { note }) })

const byDay = ({ byDay: cells, agents }: Report): Section => {
  const names = agents.map(({ agent }) => agent)
  const counts = new Map(cells.map(({ day, agent, runs }) => [`${day} ${agent}`, runs]))
  const days = [...new Set(cells.map(({ day }) => day))]
  const rows = days.map((day) => {
    const ofAgents = names.map((agent) => counts.get(`${day} ${agent}`) ?? 0)
    return [day, ...[...ofAgents, ofAgents.reduce((sum, runs) => sum + runs, 0)].map(numberOf)]
  })
  return section('runs-by-day', 'Runs by day and agent', ['day (UTC)'], [...names, 'all'], rows)
}

const agents = ({ agents: each }: Report): Section =>
  section(
    'agents',
    'How runs ended',
    ['agent'],
    ['runs', 'finished', 'failed', 'stopped', 'rejected', 'failed %'],
    each.map(({ agent, runs, finished, failed, stopped, rejected }) => [
      agent,
      ...[runs, finished, failed, stopped, rejected].map(numberOf),
      percentOf(failed, runs),
    ]),
  )

const timing = (
  id: string,
  title: string,
  { agents: each }: Report,
  what: 'duration' | 'firstToken',
  note: string,
): Section =>
  section(
    id,
    title,
    ['agent'],
    ['p50', 'p90', 'p99'],
    each.filter((row) => row[what][0] !== null).map((row) => [row.agent, ...timesOf(row[what])]),
    note,
  )

const errors = ({ errors: each, totals }: Report): Section =>
  section(
    'errors',
    'Errors by code',
    ['code', 'status', 'agents'],
    ['runs', '% of runs'],
    each.map(({ code, status, runs, agents: ofAgents }) => [
      code,
      status,
      ofAgents,
      numberOf(runs),
      percentOf(runs, totals.runs),
    ]),
  )

const tools = ({ tools: each }: Report): Section =>
  section(
    'tools',
    'Tool calls by name',
    ['tool'],
    ['calls', 'failed', 'failed %', 'latency p50', 'p90', 'p99'],
    each.map(({ name, calls, failed, latency }) => [
      name,
      numberOf(calls),
      numberOf(failed),
      percentOf(failed, calls),
      ...timesOf(latency),
    ]),
    'Latency from the end of the arguments to the result, of calls whose result came in the same run.',
  )

const tokens = ({ tokensByAgent }: Report): Section =>
  section(
    'tokens',
    'Tokens by agent',
    ['agent'],
    ['runs', 'reporting', 'input', 'output', 'total', 'per run'],
    tokensByAgent.map(({ agent, runs, reporting, input, output, total }) => [
      agent,
      ...[runs, reporting, input, output, total, Math.round(total / reporting)].map(numberOf),
    ]),
    'Of the runs whose agent reports them.',
  )

export const numberOf = (count: number): string => count.toLocaleString('en')

const percentOf = (part: number, whole: number): string =>
  whole === 0 ? '' : `${((100 * part) / whole).toFixed(1)} %`

const timesOf = (times: Percentiles): string[] => times.map((ms) => (ms === null ? '' : timeText(ms)))

/** In a unit that fits. */
export const timeText = (ms: number): string => {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 120_000) return `${(ms / 1_000).toPrecision(3)} s`
  return `${(ms / 60_000).toFixed(1)} min`
}

/** The days that it covers. */
export const spanOf = ({ totals: { from, to } }: Report): string =>
  from === null ? '(none)' : from === to ? from : `${from} to ${to}`

/** What it begins with. */
export const summaryOf = (report: Report): string => {
  const { threads, runs, events } = report.totals
  const of = report.filter.agent === undefined ? '' : ` of agent ${report.filter.agent}`
  return `${numberOf(runs)} runs${of} in ${numberOf(threads)} threads with ${numberOf(events)} events, ${spanOf(report)} (UTC).`
}
