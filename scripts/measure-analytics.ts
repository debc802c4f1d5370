/**
 * Measures kar analytics on this machine: fills a topic of its own, reads it from offset zero, and reports over it.
 *
 *   npm run measure-analytics -- --threads 14000
 *
 * Each step is a process of its own, timed from its start to its end as a user would see it.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { messageOf } from '../src/errors.ts'

const { values } = parseArgs({
  options: {
    threads: { type: 'string', default: '14000' },
    days: { type: 'string', default: '14' },
    runs: { type: 'string', default: '3' },
  },
})
const prefix = `measure-${process.pid}`

interface Step {
  seconds: number
  output: string
}

const step = async (...args: string[]): Promise<Step> => {
  const from = performance.now()
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`)
  return { seconds: (performance.now() - from) / 1_000, output }
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)
const whole = (value: number): string => Math.round(value).toLocaleString('en')

const measure = async (folder: string): Promise<void> => {
  const dir = join(folder, 'tables')
  const kar = ['src/cli/main.ts', 'analytics']
  const place = ['--prefix', prefix, '--dir', dir]
  const filled = ['--threads', values.threads, '--days', values.days, '--prefix', prefix]
  await step('scripts/generate-runs.ts', ...filled)
  for (let run = 0; run < Number(values.runs); run += 1) {
    rmSync(dir, { recursive: true, force: true })
    const { seconds, output } = await step(...kar, 'ingest', '--once', '--json', ...place)
    const { runs, events, rawEvents } = JSON.parse(output)
    say(
      `ingest: ${whole(runs)} runs, ${whole(events)} events (${whole(rawEvents)} raw) in ${seconds.toFixed(1)} s: ` +
        `${whole(events / seconds)} events/s (${whole(rawEvents / seconds)} raw/s)`,
    )
  }
  const scan = 'SELECT type, count(*), sum(count), avg(length(event)) FROM events GROUP BY type'
  for (let run = 0; run < Number(values.runs); run += 1) {
    const text = await step(...kar, 'report', ...place)
    const page = await step(...kar, 'report', '--out', join(folder, 'report.html'), ...place)
    const query = await step(...kar, 'query', scan, ...place)
    say(
      `report: ${text.seconds.toFixed(2)} s in the terminal, ${page.seconds.toFixed(2)} s with the page; ` +
        `a query that reads each event: ${query.seconds.toFixed(2)} s`,
    )
  }
}

const folder = mkdtempSync(join(tmpdir(), 'kar-measure-'))
try {
  await measure(folder)
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
