import type { Bench, Target } from '../bench.ts'
import type { Contestant } from '../contestant.ts'
import { FLOOR, OURS } from '../contestants/kafka.ts'
import type { Actor } from '../process/fork.ts'
import type { Scenario } from '../scenario.ts'

const EVENT_BYTES = 256
const RUNS = 1_000
const RUN_EVENTS = 10

/** A thread to be read, with how many of its events a reader waits for; all, where its run is over. */
interface Log {
  threadId: string
  load: string
  events: number
  open: boolean
}

const sizes = (quick: boolean) => (quick ? [10, 1_000] : [10, 1_000, 100_000])

export const replay: Scenario = {
  name: 'replay',
  about:
    'connect() to what is there already: a run that goes on, the same when it is over, a thread of many runs',
  run: async (bench) => {
    const contestants = bench.contestants(({ label }) => label !== 'Restate')
    const stages = new Map<string, Stage>()
    try {
      const measuredOf: Record<string, Awaited<ReturnType<Bench['rounds']>>> = {}
      for (const contestant of contestants.filter((one) => one !== FLOOR))
        stages.set(contestant.label, await open(bench, contestant))
      for (const phase of ['open', 'over'] as const) {
        for (const [label, stage] of stages) {
          bench.options.say(` ${label}: writing the threads`)
          await (phase === 'open' ? stage.write() : stage.end())
        }
        measuredOf[phase] = await bench.rounds(contestants, (contestant) =>
          contestant === FLOOR
            ? floor(bench, stages.get(OURS.label)!, phase)
            : stages.get(contestant.label)!.read(phase),
        )
      }
      const rows = Object.values(measuredOf).flatMap((measured) =>
        [...measured].map(([load, of]) =>
          bench.row(
            load,
            of,
            load.startsWith(`${RUNS.toLocaleString('en')} runs`)
              ? UNDER_250
              : load.includes('going on')
                ? HALF
                : undefined,
          ),
        ),
      )
      return [
        bench.result(
          {
            scenario: 'replay',
            title: 'Replay of a thread',
            metric: 'connect() until caught up',
            unit: 'ms',
            better: 'less',
            rows,
          },
          contestants,
          [
            `Events of ${EVENT_BYTES} bytes, in messages of 100 deltas. The floor fetches the same Kafka topic whole and looks at nothing.`,
            "A run that is over is read from its run record, whose deltas are joined; its raw events are still in the topic, as Kafka's cleaner comes an hour later.",
            'The peers give all raw events again.',
          ],
        ),
      ]
    } finally {
      for (const stage of stages.values()) await stage.close()
    }
  },
}

const HALF: Target = { text: '≥ 50 % of the raw fetch', holds: ({ ours, floor }) => ours <= 2 * floor! }
const UNDER_250: Target = { text: '< 250 ms', holds: ({ ours }) => ours < 250 }

const loadOf = (load: string, phase: 'open' | 'over'): string =>
  `${load}, ${phase === 'open' ? 'going on' : 'over'}`

type Stage = Awaited<ReturnType<typeof open>>

const open = async (bench: Bench, contestant: Contestant) => {
  const writer = await bench.actor(contestant, 'writer')
  const reader = contestant.shared ? await bench.actor(contestant, 'reader', { worker: false }) : writer
  const logs: Log[] = sizes(bench.quick && contestant.label !== 'Durable Streams').map((events) => ({
    threadId: `replay-${events}`,
    load: `${events.toLocaleString('en')} events`,
    events,
    open: true,
  }))
  const runs = bench.quick || contestant.label === 'Durable Streams' ? 100 : RUNS
  return {
    logs,
    write: async () => {
      for (const { threadId, events } of logs)
        await writer.call('leaveOpen', { threadId, events, bytes: EVENT_BYTES })
      const many = { threadIds: ['replay-runs'], count: runs, events: RUN_EVENTS, bytes: EVENT_BYTES, at: 1 }
      await writer.call('prepare', many)
      await writer.call('timeRuns', many)
    },
    end: () => writer.call('endRuns'),
    read: async (phase: 'open' | 'over'): Promise<Record<string, number>> => {
      const figures: Record<string, number> = {}
      for (const { threadId, load, events } of logs) {
        const measure = () => time(reader, threadId, phase === 'open' ? events : undefined)
        figures[loadOf(load, phase)] = await bench.profiled(
          contestant,
          `${threadId}-${phase}`,
          { reader },
          measure,
        )
      }
      if (phase === 'over')
        figures[`${runs.toLocaleString('en')} runs of ${RUN_EVENTS} events`] = await time(
          reader,
          'replay-runs',
        )
      return figures
    },
    close: async () => {
      if (reader !== writer) await bench.endActor(reader)
      await bench.endActor(writer)
    },
  }
}

/** The best of three in a row: what comes before in the process is not its matter. */
const time = async (reader: Actor, threadId: string, until?: number): Promise<number> => {
  const times: number[] = []
  for (let attempt = 0; attempt < 3; attempt += 1)
    times.push((await reader.call('replay', { threadId, until })).tookMs)
  return Math.min(...times)
}

const floor = async (
  bench: Bench,
  { logs }: Stage,
  phase: 'open' | 'over',
): Promise<Record<string, number>> => {
  const actor = await bench.actor(FLOOR, 'reader')
  const { brokers } = JSON.parse((await bench.server(FLOOR))!.address)
  const figures: Record<string, number> = {}
  const fetch = async (threadId: string) => {
    const times: number[] = []
    for (let attempt = 0; attempt < 3; attempt += 1)
      times.push(
        (await actor.call('rawFetch', { broker: brokers[0], topic: `bench.thread.${threadId}` })).tookMs,
      )
    return Math.min(...times)
  }
  for (const { threadId, load } of logs) figures[loadOf(load, phase)] = await fetch(threadId)
  if (phase === 'over')
    figures[`${(bench.quick ? 100 : RUNS).toLocaleString('en')} runs of ${RUN_EVENTS} events`] =
      await fetch('replay-runs')
  await bench.endActor(actor)
  return figures
}
