import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { TABLES } from '../../src/analytics/tables.ts'
import { progressText } from '../../src/cli/analytics-progress.ts'
import { csvLine } from '../../src/cli/csv.ts'
import { isEnd } from '../../src/fan-in/run-fact.ts'
import { cleanEnv, run, start } from '../cli/kar.ts'
import { oracle } from './oracle.ts'
import { generatedFacts, tablesIn, temporaryFolder, useRuns } from './support.ts'

const facts = generatedFacts(40, 12)
const rows = oracle(facts)
const analytics = (args: string[], env: NodeJS.ProcessEnv = {}) => run(['analytics', ...args], cleanEnv(env))

describe('kar analytics', () => {
  it('has help with examples for each of its commands', async () => {
    const helps = await Promise.all(
      [[], ['ingest'], ['query'], ['report']].map((command) => analytics([...command, '--help'])),
    )
    for (const { code, stdout } of helps) {
      expect(code).toBe(0)
      expect(stdout).toMatch(/Examples:\n {2}\$ .*kar analytics/)
    }
  })

  it('ingests, answers in all forms, and reports', async () => {
    const { publish, folder, brokers, prefix } = await useRuns()
    await publish(facts)
    const kafka = ['--brokers', brokers.join(','), '--prefix', prefix]
    const ingest = await analytics(['ingest', '--once', '--json', '--dir', folder, ...kafka])
    expect(ingest.stderr).toContain('events/s')
    expect([ingest.code, JSON.parse(ingest.stdout)]).toMatchObject([
      0,
      { runs: rows.runs.length, events: rows.events.length, repeated: 0, skipped: 0 },
    ])
    const sql =
      'SELECT status, count(*) AS n, min(started_at) AS "first", NULL AS "a,b" FROM runs GROUP BY ALL ORDER BY n DESC, status LIMIT 1'
    const finished = rows.runs.filter(({ status }) => status === 'finished')
    const n = finished.length
    const first = String(finished.map(({ started_at }) => started_at).toSorted()[0])
    const [table, json, csv, limited, ...refused] = await Promise.all([
      analytics(['query', sql, '--dir', folder]),
      analytics(['query', sql, '--json'], { KAR_ANALYTICS_DIR: folder }),
      analytics(['query', sql, '--csv', '--dir', folder]),
      analytics(['query', 'SELECT * FROM events', '--limit', '3', '--dir', folder]),
      ...[
        'DROP VIEW runs',
        "COPY runs TO 'x'",
        'SELECT 1; SELECT 2',
        "FROM read_csv('/etc/passwd')",
        'nonsense',
        'SET threads = 1',
      ].map((statement) => analytics(['query', statement, '--dir', folder])),
    ])
    const shown = first.replace('T', ' ').replace('Z', '')
    expect(table.stdout).toBe(`status      n  first                    a,b\nfinished  ${n}  ${shown}\n`)
    expect(JSON.parse(json.stdout)).toEqual({ status: 'finished', n, first, 'a,b': null })
    expect(csv.stdout).toBe(`status,n,first,"a,b"\nfinished,${n},${first},\n`)
    expect(limited.stdout.trimEnd().split('\n')).toHaveLength(4)
    expect(limited.stderr).toContain('The first 3 rows')
    for (const { code, stderr } of refused) {
      expect(code).toBe(2)
      expect(stderr).toMatch(/^kar: This cannot be queried: .+\[QUERY_INVALID\]\n$/)
    }
    await reports(folder)
  })

  const reports = async (folder: string): Promise<void> => {
    const page = join(folder, 'report.html')
    const [text, json, none] = await Promise.all([
      analytics(['report', '--dir', folder, '--out', page]),
      analytics([
        'report',
        '--dir',
        folder,
        '--json',
        '--agent',
        'support',
        '--from',
        '2026-11-02',
        '--to',
        '2026-11-04',
      ]),
      analytics(['report', '--dir', folder, '--agent', 'nobody']),
    ])
    const raw = rows.runs.reduce((sum, { events }) => sum + Number(events), 0)
    expect(text.stdout).toContain(
      `${rows.runs.length} runs in 40 threads with ${raw.toLocaleString('en')} events, 2026-11-01 to 2026-11-05 (UTC).`,
    )
    for (const title of TITLES) expect(text.stdout).toContain(`\n${title}\n`)
    const calls = rows.tool_calls.filter(({ name }) => name === 'get_order')
    const failed = calls.filter((row) => row.failed)
    expect(text.stdout).toMatch(new RegExp(`^get_order +${calls.length} +${failed.length} `, 'm'))

    const chosen = rows.runs.filter(
      ({ agent_id, day }) =>
        agent_id === 'support' && String(day) >= '2026-11-02' && String(day) <= '2026-11-04',
    )
    const durations = chosen.flatMap(({ duration_ms }) => (duration_ms === null ? [] : [Number(duration_ms)]))
    expect(JSON.parse(json.stdout)).toMatchObject({
      totals: { runs: chosen.length },
      agents: [
        {
          agent: 'support',
          runs: chosen.length,
          duration: [quantile(durations, 0.5), quantile(durations, 0.9), quantile(durations, 0.99)],
        },
      ],
      tokensByAgent: [{ input: chosen.reduce((sum, { input_tokens }) => sum + Number(input_tokens), 0) }],
    })
    expect(none).toMatchObject({
      code: 0,
      stdout: '0 runs of agent nobody in 0 threads with 0 events, (none) (UTC).\n',
    })

    const html = readFileSync(page, 'utf8')
    expect(TITLES.filter((title) => !html.includes(`>${title}</h2>`))).toEqual([])
    expect(
      html.match(/<svg [^>]*role="img" aria-labelledby="(chart-[^"]+)"[^>]*><title id="\1">/g),
    ).toHaveLength(7)
    expect(html.match(/@media \(prefers-color-scheme:dark\)/g)).toHaveLength(1)
    // Nothing that runs, nothing from elsewhere, no colour that only one background can bear.
    const body = html.slice(html.indexOf('<main>')).replaceAll('xmlns="http://www.w3.org/2000/svg"', '')
    expect(html.match(/<script|<link|<img|\son\w+=|url\(|src=/g)).toBeNull()
    expect(body.match(/https?:|#[0-9a-f]{3,8}\b|rgba?\(/g)).toBeNull()
  }

  it('stops at a signal, with what it had read', async () => {
    const { publish, folder, brokers, prefix } = await useRuns()
    await publish(facts)
    const ingest = start([
      'analytics',
      'ingest',
      '--dir',
      folder,
      '--brokers',
      brokers.join(','),
      '--prefix',
      prefix,
    ])
    onTestFinished(() => void ingest.child.kill('SIGKILL'))
    // Its interval of a minute is far.
    await ingest.until('Going on')
    ingest.child.kill('SIGTERM')
    expect(await ingest.ended).toBe(0)
    expect((await tablesIn(folder)).runs).toEqual(rows.runs)
    expect(ingest.stderr).toContain(`Added ${facts.filter(isEnd).length} runs`)
  })

  it('names the package that is missing', async () => {
    const folder = temporaryFolder()
    const without = (name: string) => ({
      NODE_OPTIONS: `--import=${new URL('./without-packages.mjs', import.meta.url).href}`,
      WITHOUT: name,
    })
    const brokers = inject('kafkaBrokers').join(',')
    const ingest = await analytics(
      ['ingest', '--once', '--dir', folder, '--brokers', brokers],
      without('@duckdb/node-api'),
    )
    expect([ingest.code, ingest.stderr]).toEqual([
      2,
      expect.stringMatching(/^kar: .*npm install @duckdb\/node-api \[PACKAGE_MISSING\]\n$/),
    ])
    const { ingestOnce, folder: tables } = await useRuns()
    await ingestOnce()
    const report = await analytics(
      ['report', '--dir', tables, '--out', join(tables, 'r.html')],
      without('echarts'),
    )
    expect([report.code, report.stderr]).toEqual([
      2,
      expect.stringContaining('npm install echarts [PACKAGE_MISSING]'),
    ])
  })

  it('says where tables would come from', async () => {
    const { code, stderr } = await analytics(['query', 'SELECT 1', '--dir', temporaryFolder()])
    expect([code, stderr]).toEqual([2, expect.stringContaining('kar analytics ingest')])
  })
})

const TITLES = [
  'Runs by day and agent',
  'How runs ended',
  'Duration of runs',
  'Time to first token',
  'Errors by code',
  'Tool calls by name',
  'Tokens by agent',
]

/** With interpolation, as the report's percentiles are documented. */
const quantile = (values: readonly number[], at: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const place = (sorted.length - 1) * at
  const below = sorted[Math.floor(place)]!
  const above = sorted[Math.ceil(place)]!
  return expect.closeTo(below + (above - below) * (place % 1), 3) as unknown as number
}

it('docs/analytics.md has every column of every table, and no other', () => {
  const doc = readFileSync('docs/analytics.md', 'utf8')
  for (const [table, columns] of Object.entries(TABLES)) {
    const section = doc.split(`### ${table}\n`)[1]?.split('\n#')[0] ?? ''
    const documented = [...section.matchAll(/^\| `(\w+)` \| (\w+) \| (.+) \|$/gm)].map(
      ([, ...cells]) => cells,
    )
    expect(documented).toEqual(
      Object.entries(columns).map(([name, { type, doc: text }]) => [name, type, text]),
    )
  }
})

it('a line of progress has a bar, the share, the rate and what is left', () => {
  expect(progressText({ read: 250, total: 1_000, events: 60_000, seconds: 2 })).toBe(
    '██████░░░░░░░░░░░░░░░░░░ 25% 250 of 1,000 records, 30,000 events/s, 6 s left',
  )
})

it('CSV quotes what has to be', () => {
  expect(csvLine(['a', 'b,c', 'd"e', 'f\ng', null, true, 1.5])).toBe('a,"b,c","d""e","f\ng",,true,1.5')
})
