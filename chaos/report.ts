import type { FaultRecord } from './fault-runner.ts'
import type { Violation } from './oracle/evidence.ts'
import type { Verdict } from './oracle/judge.ts'
import type { Quantiles } from './oracle/take-over-times.ts'

export interface Report {
  seed: string
  minutes: number
  faults: FaultRecord[]
  verdict: Verdict
}

const VIOLATIONS_SHOWN_MAX = 40
const TEXT_MAX = 600

/** The report as a plain table. */
export const reportText = ({ seed, minutes, faults, verdict }: Report): string => {
  const rows: [string, string][] = [['seed, minutes', `${seed}, ${minutes}`]]
  for (const [kind, records] of Map.groupBy(faults, ({ fault }) => fault.kind)) {
    const skipped = records.filter((record) => record.skipped !== undefined).length
    rows.push([`fault: ${kind}`, `${records.length - skipped}${skipped > 0 ? ` (${skipped} skipped)` : ''}`])
  }
  for (const [name, count] of Object.entries(verdict.counts)) rows.push([name, String(count)])
  rows.push(...listed('runs ended by', verdict.ends))
  rows.push(...listed('rejected', verdict.rejections))
  rows.push(...listed('streams broken off', verdict.broken))
  for (const why of ['killed', 'frozen', 'drained', 'nothing was done to its worker']) {
    rows.push([`runs ended early: ${why}`, String(verdict.earlyEnds.filter((end) => end.why === why).length)])
  }
  for (const [fault, times] of Object.entries(verdict.takeOver))
    rows.push([`take-over after ${fault}`, timesOf(times, 'threads')])
  rows.push(['event, agent to caller', timesOf(verdict.delay, 'events')])
  rows.push(['figures missed', String(verdict.missed.length)])
  rows.push(['violations', String(verdict.violations.length)])
  const width = Math.max(...rows.map(([name]) => name.length))
  const table = rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`)
  return [...table, ...violationLines(verdict)].join('\n')
}

const listed = (name: string, counts: Record<string, number>): [string, string][] =>
  Object.entries(counts).map(([what, count]) => [`${name}: ${what}`, String(count)])

const timesOf = ({ count, p50, p99, max }: Quantiles, of: string): string =>
  count === 0 ? 'none' : `p50 ${seconds(p50)}, p99 ${seconds(p99)}, max ${seconds(max)} (${count} ${of})`

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`

const violationLines = ({ violations, missed }: Verdict): string[] => [
  ...linesOf('VIOLATION', violations),
  ...linesOf('MISSED', missed),
]

const linesOf = (head: string, found: Violation[]): string[] => {
  const lines = found
    .slice(0, VIOLATIONS_SHOWN_MAX)
    .map(({ promise, threadId, what }) => `${head} [${promise}] ${threadId ?? ''} ${what.slice(0, TEXT_MAX)}`)
  const more = found.length - lines.length
  return more > 0 ? [...lines, `and ${more} more`] : lines
}
