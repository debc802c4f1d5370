import { setTimeout } from 'node:timers/promises'
import type { Bench, Target } from '../bench.ts'
import type { Contestant } from '../contestant.ts'
import { FLOOR, OURS } from '../contestants/kafka.ts'
import { now } from '../events.ts'
import type { Actor } from '../process/fork.ts'
import type { Scenario } from '../scenario.ts'

const EVENT_BYTES = 256
const RUNS = 1_000
const RUN_EVENTS = 10
/** How often Kafka's cleaner looks for work. */
const CLEANER_PAUSE_MS = 15_000
const CLEANED_WITHIN_MS = 10 * CLEANER_PAUSE_MS

/** In which state the threads are read. */
type Phase = 'going on' | 'over' | 'cleaned'

/** A thread to be read, with how many of its events a reader waits for; all, where its run is over. */
interface Log {
  threadId: string
  load: string
  events: number
}

const sizes = (quick: boolean) => (quick ? [10, 1_000] : [10, 1_000, 100_000])

export const replay: Scenario = {
  name: 'replay',
  about:
    'connect() to what is there already: a run that goes on, over, and cleaned by Kafka; a thread of many runs',
  run: async (bench) => {
    const contestants = bench.contestants(({ label }) => label !== 'Restate')
    const stages = new Map<string, Stage>()
    try {
      const measuredOf: Record<string, Awaited<ReturnType<Bench['rounds']>>> = {}
      for (const contestant of contestants.filter((one) => one !== FLOOR))
        stages.set(contestant.label, await open(bench, contestant))
      for (const phase of ['going on', 'over', 'cleaned'] as const) {
        const taking = contestants.filter((one) => phase !== 'cleaned' || one === OURS || one === FLOOR)
        for (const [label, stage] of stages) {
          if (phase === 'cleaned' && label !== OURS.label) continue
          bench.options.say(
            ` ${label}: ${phase === 'cleaned' ? "waiting for Kafka's cleaner" : 'writing the threads'}`,
          )
          await stage.make(phase)
        }
        measuredOf[phase] = await bench.rounds(taking, (contestant) =>
          contestant === FLOOR
            ? floor(bench, stages.get(OURS.label)!, phase)
            : stages.get(contestant.label)!.read(phase),
        )
      }
      const rows = Object.values(measuredOf).flatMap((measured) =>
        [...measured].map(([load, of]) => bench.row(load, of, targetOf(load))),
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
            'A run that is over is read from its run record, whose deltas are joined; its raw events are still in the topic until Kafka has cleaned it, an hour later or when it gets to it.',
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

const targetOf = (load: string): Target | undefined => {
  if (load.endsWith('going on')) return HALF
  return load.startsWith(runsLoad(RUNS)) ? UNDER_250 : undefined
}

const runsLoad = (runs: number): string => `${runs.toLocaleString('en')} runs of ${RUN_EVENTS} events`

const topicOf = (threadId: string): string => `bench.thread.${threadId}`

const brokerOf = async (bench: Bench): Promise<string> =>
  JSON.parse((await bench.server(OURS))!.address).brokers[0]

const loadOf = (load: string, phase: Phase): string => `${load}, ${phase}`

type Stage = Awaited<ReturnType<typeof open>>

const open = async (bench: Bench, contestant: Contestant) => {
  const writer = await bench.actor(contestant, 'writer')
  const reader = contestant.shared ? await bench.actor(contestant, 'reader', { worker: false }) : writer
  const logs: Log[] = sizes(bench.quick).map((events) => ({
    threadId: `replay-${events}`,
    load: `${events.toLocaleString('en')} events`,
    events,
  }))
  const runs = bench.quick ? 100 : RUNS
  const many = { threadIds: ['replay-runs'], count: runs, events: RUN_EVENTS, bytes: EVENT_BYTES, at: 1 }
  const make: Record<Phase, () => Promise<void>> = {
    'going on': async () => {
      for (const { threadId, events } of logs)
        await writer.call('leaveOpen', { threadId, events, bytes: EVENT_BYTES })
      await writer.call('prepare', many)
      await writer.call('timeRuns', many)
    },
    over: () => writer.call('endRuns'),
    // The first cleaning leaves tombstones, the next nothing of them; each needs an append that closes what
    // is older than a second.
    cleaned: async () => {
      const threadIds = [...logs.map(({ threadId }) => threadId), many.threadIds[0]!]
      const broker = await brokerOf(bench)
      const topics = threadIds.map(topicOf)
      await writer.call('letClean', { broker, topics })
      const topic = topics.at(-1)!
      const from = now()
      while ((await writer.call('rawFetch', { broker, topic })).records > runs * (RUN_EVENTS / 2)) {
        if (now() - from > CLEANED_WITHIN_MS) throw new Error(`Kafka did not clean ${topic}`)
        await writer.call('timeRuns', { ...many, threadIds, count: threadIds.length })
        await setTimeout(CLEANER_PAUSE_MS / 3)
      }
    },
  }
  return {
    logs,
    make: (phase: Phase) => make[phase](),
    read: async (phase: Phase): Promise<Record<string, number>> => {
      const figures: Record<string, number> = {}
      for (const { threadId, load, events } of logs) {
        const measure = () => time(reader, threadId, phase === 'going on' ? events : undefined)
        figures[loadOf(load, phase)] = await bench.profiled(
          contestant,
          `${threadId}-${phase.replace(' ', '-')}`,
          { reader },
          measure,
        )
      }
      if (phase !== 'going on') figures[loadOf(runsLoad(runs), phase)] = await time(reader, 'replay-runs')
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

const floor = async (bench: Bench, { logs }: Stage, phase: Phase): Promise<Record<string, number>> => {
  const actor = await bench.actor(FLOOR, 'reader')
  const broker = await brokerOf(bench)
  const figures: Record<string, number> = {}
  const fetch = async (threadId: string) => {
    const times: number[] = []
    for (let attempt = 0; attempt < 3; attempt += 1)
      times.push((await actor.call('rawFetch', { broker, topic: topicOf(threadId) })).tookMs)
    return Math.min(...times)
  }
  for (const { threadId, load } of logs) figures[loadOf(load, phase)] = await fetch(threadId)
  if (phase !== 'going on')
    figures[loadOf(runsLoad(bench.quick ? 100 : RUNS), phase)] = await fetch('replay-runs')
  await bench.endActor(actor)
  return figures
}
