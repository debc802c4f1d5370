import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench } from '../bench.ts'
import type { Contestant } from '../contestant.ts'
import { FLOOR, OURS } from '../contestants/kafka.ts'
import type { Row } from '../report/result.ts'
import type { Scenario } from '../scenario.ts'
import { threadIds } from './threads.ts'

const LIVE = 100
const RATE = 1_000

export const manyThreads: Scenario = {
  name: 'many-threads',
  about: 'cost as threads grow: the same load on 100 of them while 100, 1,000 or 5,000 exist',
  run: async (bench) => {
    const contestants = [FLOOR, OURS]
    const latencies: Row[] = []
    const memories: Row[] = []
    let made = 0
    for (const count of bench.quick ? [100, 500] : [100, 1_000, 5_000]) {
      bench.options.say(` ${count.toLocaleString('en')} threads: making ${count - made}`)
      await make(bench, threadIds('many', count - made, made))
      made = count
      const measured = await bench.rounds(contestants, (contestant) => measure(bench, contestant))
      for (const quantile of ['run() p50', 'run() p99', 'connect() p50', 'connect() p99'])
        latencies.push(
          bench.row(`${count.toLocaleString('en')} threads exist: ${quantile}`, measured.get(quantile)!),
        )
      for (const process of [
        'broker, resident',
        'API process with worker, heap',
        'API process that reads, heap',
      ])
        memories.push(
          bench.row(`${count.toLocaleString('en')} threads exist: ${process}`, measured.get(process)!),
        )
    }
    const notes = [
      `${LIVE} live threads with ${RATE.toLocaleString('en')} events/s in all. Each of the others has had one run, in this life of the broker.`,
    ]
    return [
      bench.result(
        {
          scenario: 'many-threads',
          title: 'Latency as threads grow',
          metric: 'latency from emit to subscriber',
          unit: 'ms',
          better: 'less',
          rows: latencies,
        },
        contestants,
        notes,
      ),
      bench.result(
        {
          scenario: 'many-threads-memory',
          title: 'Memory as threads grow',
          metric: 'memory under load',
          unit: 'MiB',
          better: 'less',
          rows: memories,
        },
        contestants,
        [
          ...notes,
          "The broker's heap may grow to 1 GiB before it is collected; resident memory includes that.",
        ],
      ),
    ]
  },
}

/** Threads with one short run each, by a process that then goes. */
const make = async (bench: Bench, ids: string[]): Promise<void> => {
  if (ids.length === 0) return
  const actor = await bench.actor(OURS, 'maker')
  await actor.call('timeRuns', { threadIds: ids, count: ids.length, events: 10, bytes: 256, at: 50 })
  await bench.endActor(actor)
}

const measure = async (bench: Bench, contestant: Contestant): Promise<Record<string, number | undefined>> => {
  const ids = threadIds('many', LIVE)
  const writer = await bench.actor(contestant, 'writer')
  const reader = await bench.actor(contestant, 'reader', { worker: false })
  await writer.call('startRuns', { threadIds: ids })
  await reader.call('follow', { threadIds: ids })
  const emit = (seconds: number) => writer.call('emit', { rate: RATE, seconds, bytes: 256 })
  await emit(bench.quick ? 1 : 2)
  const window = await emit(bench.quick ? 2 : 5)
  await sleep(300)
  const run = (await writer.call('agesIn', window)).run
  const connect = (await reader.call('agesIn', window)).connect
  const [atWriter, atReader] = [await writer.call('memory'), await reader.call('memory')]
  const broker = bench.residentMiB((await bench.server(contestant))!)
  await reader.call('stopFollowing')
  await writer.call('endRuns')
  await bench.endActor(reader)
  await bench.endActor(writer)
  return {
    'run() p50': run.p50,
    'run() p99': run.p99,
    'connect() p50': connect.p50,
    'connect() p99': connect.p99,
    'broker, resident': broker,
    'API process with worker, heap': atWriter.heapMiB,
    'API process that reads, heap': atReader.heapMiB,
  }
}
