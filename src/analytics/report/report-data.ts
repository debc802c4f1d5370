import { sqlText } from '../duckdb.ts'
import { type Cell, rowsOf } from '../query-rows.ts'
import type { TablesReader } from '../tables-reader.ts'

/** What the report is about; days as 2026-11-21, both included. */
export interface ReportFilter {
  from?: string
  to?: string
  agent?: string
}

export type Percentiles = [p50: number | null, p90: number | null, p99: number | null]

export interface Report {
  filter: ReportFilter
  totals: { threads: number; runs: number; events: number; from: string | null; to: string | null }
  byDay: { day: string; agent: string; runs: number }[]
  agents: {
    agent: string
    runs: number
    finished: number
    failed: number
    stopped: number
    rejected: number
    duration: Percentiles
    firstToken: Percentiles
  }[]
  errors: { code: string; status: string; runs: number; agents: string }[]
  tools: { name: string; calls: number; failed: number; latency: Percentiles }[]
  tokensByDay: { day: string; input: number; output: number }[]
  tokensByAgent: {
    agent: string
    runs: number
    reporting: number
    input: number
    output: number
    total: number
  }[]
}

/** Names of tools and codes, of which an agent can make up any number. */
const NAMES_MAX = 30

/** @throws RunnerError QUERY_INVALID */
export const readReport = async (tables: TablesReader, filter: ReportFilter): Promise<Report> => {
  await defineChosen(tables, filter)
  const ask = async (sql: string): Promise<Cell[][]> => {
    const rows: Cell[][] = []
    for await (const chunk of rowsOf(await tables.query(sql)).chunks()) rows.push(...chunk)
    return rows
  }
  const [totals] = await ask(TOTALS)
  const [threads, runs, events, from, to] = totals!
  return {
    filter,
    totals: {
      threads: Number(threads),
      runs: Number(runs),
      events: Number(events),
      from: from === null ? null : String(from),
      to: to === null ? null : String(to),
    },
    byDay: (await ask(BY_DAY)).map(([day, agent, count]) => ({
      day: String(day),
      agent: String(agent),
      runs: Number(count),
    })),
    agents: (await ask(AGENTS)).map(
      ([agent, all, finished, failed, stopped, rejected, d50, d90, d99, f50, f90, f99]) => ({
        agent: String(agent),
        runs: Number(all),
        finished: Number(finished),
        failed: Number(failed),
        stopped: Number(stopped),
        rejected: Number(rejected),
        duration: percentiles(d50, d90, d99),
        firstToken: percentiles(f50, f90, f99),
      }),
    ),
    errors: (await ask(ERRORS)).map(([code, status, count, agents]) => ({
      code: String(code),
      status: String(status),
      runs: Number(count),
      agents: String(agents),
    })),
    tools: (await ask(TOOLS)).map(([name, calls, failed, p50, p90, p99]) => ({
      name: String(name),
      calls: Number(calls),
      failed: Number(failed),
      latency: percentiles(p50, p90, p99),
    })),
    tokensByDay: (await ask(TOKENS_BY_DAY)).map(([day, input, output]) => ({
      day: String(day),
      input: Number(input),
      output: Number(output),
    })),
    tokensByAgent: (await ask(TOKENS_BY_AGENT)).map(([agent, all, reporting, input, output, total]) => ({
      agent: String(agent),
      runs: Number(all),
      reporting: Number(reporting),
      input: Number(input),
      output: Number(output),
      total: Number(total),
    })),
  }
}

const percentiles = (...values: (Cell | undefined)[]): Percentiles =>
  values.map((value) => (value == null ? null : Number(value))) as Percentiles

/** Agents by their number of runs; those beyond the first few count together. */
const AGENTS_MAX = 7
export const OTHERS = 'others'

const defineChosen = async (tables: TablesReader, { from, to, agent }: ReportFilter): Promise<void> => {
  const conditions = [
    from && `day >= DATE ${sqlText(from)}`,
    to && `day <= DATE ${sqlText(to)}`,
    agent && `agent_id = ${sqlText(agent)}`,
  ].filter((condition) => condition)
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
  for (const table of ['runs', 'tool_calls'])
    await tables.define(`CREATE OR REPLACE VIEW chosen_${table} AS SELECT * FROM ${table} ${where}`)
  await tables.define(`CREATE OR REPLACE VIEW shown_agents AS
    SELECT agent_id FROM chosen_runs GROUP BY agent_id ORDER BY count(*) DESC, agent_id LIMIT ${AGENTS_MAX}`)
  await tables.define(`CREATE OR REPLACE VIEW named_runs AS
    SELECT *, CASE WHEN agent_id IN (FROM shown_agents) THEN agent_id ELSE '${OTHERS}' END AS agent FROM chosen_runs`)
}

const quantiles = (column: string): string =>
  `quantile_cont(${column}, 0.5), quantile_cont(${column}, 0.9), quantile_cont(${column}, 0.99)`

const TOTALS = `SELECT count(DISTINCT thread_id), count(*), coalesce(sum(events), 0)::BIGINT, min(day), max(day) FROM chosen_runs`

const BY_DAY = 'SELECT day, agent, count(*) FROM named_runs GROUP BY ALL ORDER BY day, agent'

const AGENTS = `
  SELECT agent, count(*) AS all_runs, count(*) FILTER (status = 'finished'), count(*) FILTER (status = 'failed'),
    count(*) FILTER (status = 'stopped'), count(*) FILTER (status = 'rejected'),
    ${quantiles('duration_ms')}, ${quantiles('first_token_ms')}
  FROM named_runs GROUP BY agent ORDER BY agent = '${OTHERS}', all_runs DESC, agent`

const ERRORS = `
  SELECT coalesce(code, '(no code)') AS of_code, status, count(*) AS runs,
    string_agg(DISTINCT agent, ', ' ORDER BY agent)
  FROM named_runs WHERE status IN ('failed', 'rejected') GROUP BY of_code, status
  ORDER BY runs DESC, of_code LIMIT ${NAMES_MAX}`

const TOOLS = `
  SELECT name, count(*) AS calls, count(*) FILTER (failed), ${quantiles('latency_ms')}
  FROM chosen_tool_calls GROUP BY name ORDER BY calls DESC, name LIMIT ${NAMES_MAX}`

const TOKENS_BY_DAY = `
  SELECT day, coalesce(sum(input_tokens), 0)::BIGINT, coalesce(sum(output_tokens), 0)::BIGINT
  FROM chosen_runs WHERE total_tokens IS NOT NULL GROUP BY day ORDER BY day`

const TOKENS_BY_AGENT = `
  SELECT agent, count(*), count(total_tokens), coalesce(sum(input_tokens), 0)::BIGINT,
    coalesce(sum(output_tokens), 0)::BIGINT, coalesce(sum(total_tokens), 0)::BIGINT AS total
  FROM named_runs GROUP BY agent HAVING count(total_tokens) > 0 ORDER BY agent = '${OTHERS}', total DESC, agent`
