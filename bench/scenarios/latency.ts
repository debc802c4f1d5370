import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench, Target } from '../bench.ts'
import type { Contestant } from '../contestant.ts'
import type { Row } from '../report/result.ts'
import type { Scenario } from '../scenario.ts'
import { threadIds } from './threads.ts'

const EVENT_BYTES = 256

interface Load {
  threads: number
  rate: number
}

const LOADS: Load[] = [
  { threads: 1, rate: 1_000 },
  { threads: 100, rate: 1_000 },
  { threads: 1_000, rate: 1_000 },
  { threads: 100, rate: 5_000 },
  { threads: 1_000, rate: 5_000 },
]

/** What a peer's server cannot keep up with is not asked of it at five times the rate. */
const SLOW = ['Durable Streams']

export const latency: Scenario = {
  name: 'latency',
  about: "an agent's event until the caller of run() and a reader in a second process see it",
  run: async (bench) => {
    const contestants = bench.contestants(({ label }) => label !== 'Restate')
    const rows: Row[] = []
    let floorAt100 = Number.NaN
    for (const load of bench.quick
      ? LOADS.filter(({ threads, rate }) => threads === 100 || (threads === 1_000 && rate === 1_000))
      : LOADS) {
      const name = `${count(load.threads)}, ${load.rate.toLocaleString('en')} events/s`
      bench.options.say(` ${name}`)
      const fit = contestants.filter(
        ({ label }) => !SLOW.includes(label) || (load.rate <= 1_000 && load.threads <= 100),
      )
      const measured = await bench.rounds(fit, (contestant) => measure(bench, contestant, load))
      for (const who of ['run()', 'connect()'])
        for (const quantile of ['p50', 'p99', 'p99.9']) {
          const of = measured.get(`${who} ${quantile}`)!
          const row = bench.row(`${name}: ${who} ${quantile}`, of, targetFor(load, quantile, floorAt100))
          if (load.threads === 100 && load.rate === 1_000 && quantile === 'p50') floorAt100 = row.floor!
          rows.push(row)
        }
    }
    return [
      bench.result(
        {
          scenario: 'latency',
          title: "An agent's event until it is seen",
          metric: 'latency from emit to subscriber',
          unit: 'ms',
          better: 'less',
          rows,
        },
        contestants,
        [
          `Events of ${EVENT_BYTES} bytes, spread evenly over the live threads.`,
          'run() is seen in the process that executes the agent; connect() in a second process.',
          'in memory has no second process.',
        ],
      ),
    ]
  },
}

const count = (threads: number): string =>
  threads === 1 ? '1 thread' : `${threads.toLocaleString('en')} threads`

const targetFor = ({ threads, rate }: Load, quantile: string, floorAt100: number): Target | undefined => {
  if (rate !== 1_000) return undefined
  if (threads === 100 && quantile === 'p50')
    return { text: '≤ 2 × floor and ≤ 2 ms', holds: ({ ours, floor }) => ours <= 2 * floor! && ours <= 2 }
  if (threads === 100 && quantile === 'p99')
    return { text: '≤ 3 × floor', holds: ({ ours, floor }) => ours <= 3 * floor! }
  if (threads === 1_000 && quantile === 'p50')
    return {
      text: `≤ 3 × floor at 100 threads (${floorAt100.toPrecision(3)})`,
      holds: ({ ours }) => ours <= 3 * floorAt100,
    }
  return undefined
}

const measure = async (
  bench: Bench,
  contestant: Contestant,
  { threads, rate }: Load,
): Promise<Record<string, number | undefined>> => {
  const ids = threadIds('latency', threads)
  const writer = await bench.actor(contestant, 'writer')
  const reader = contestant.shared ? await bench.actor(contestant, 'reader', { worker: false }) : undefined
  await writer.call('startRuns', { threadIds: ids })
  await reader?.call('follow', { threadIds: ids })
  const emit = (seconds: number) => writer.call('emit', { rate, seconds, bytes: EVENT_BYTES })
  await emit(bench.quick ? 1 : 2)
  const actors = { writer, ...(reader && { reader }) }
  const window = await bench.profiled(contestant, `latency-${threads}x${rate}`, actors, () =>
    emit(bench.quick ? 2 : 4),
  )
  await sleep(300)
  const run = (await writer.call('agesIn', window)).run
  const connect = (await reader?.call('agesIn', window))?.connect
  await reader?.call('stopFollowing')
  await writer.call('endRuns')
  if (reader !== undefined) await bench.endActor(reader)
  await bench.endActor(writer)
  return {
    'run() p50': run.p50,
    'run() p99': run.p99,
    'run() p99.9': run.p999,
    'connect() p50': connect?.p50,
    'connect() p99': connect?.p99,
    'connect() p99.9': connect?.p999,
  }
}
