import type { Bench } from '../bench.ts'
import type { Contestant } from '../contestant.ts'
import { OURS } from '../contestants/kafka.ts'
import type { Row } from '../report/result.ts'
import type { Scenario } from '../scenario.ts'
import { threadIds } from './threads.ts'

const THREADS = 1_000
const SAMPLES = 10

export const memory: Scenario = {
  name: 'memory',
  about: 'memory of a live thread, and over 100,000 runs',
  run: async (bench) => {
    const contestants = bench.contestants(({ label }) => label === 'in memory')
    const ours = contestants.filter((one) => one === OURS)
    const live = await bench.rounds(ours, (contestant) => ofLiveThreads(bench, contestant))
    const runs = bench.quick ? 2_000 : 100_000
    const samples = new Map<string, number[]>()
    for (const contestant of contestants.filter(({ label }) => label !== 'floor'))
      samples.set(contestant.label, await overRuns(bench, contestant, runs))
    const rows: Row[] = Array.from({ length: SAMPLES + 1 }, (_, at) =>
      bench.row(
        `after ${Math.round((runs * at) / SAMPLES).toLocaleString('en')} runs`,
        new Map([...samples].map(([label, values]) => [label, [values[at]]])),
        at === SAMPLES ? flat(samples.get(OURS.label)!) : undefined,
      ),
    )
    return [
      bench.result(
        {
          scenario: 'memory-live',
          title: 'Memory of a live thread',
          metric: 'heap, each of 1,000 threads with a run under way',
          unit: 'KiB',
          better: 'less',
          rows: [...live].map(([load, measured]) => bench.row(load, measured)),
        },
        ours,
        [
          'Heap after a collection with the threads live, less the heap before, by their number. The writer runs the agents and reads their runs; the reader is connected to all.',
        ],
      ),
      bench.result(
        {
          scenario: 'memory',
          title: 'Memory over many runs',
          metric: `heap of a process that runs agents, ${THREADS.toLocaleString('en')} threads in turn`,
          unit: 'MiB',
          better: 'less',
          rows,
        },
        contestants.filter(({ label }) => label !== 'floor'),
        [
          `Runs of 6 events on ${THREADS.toLocaleString('en')} threads in turn, in one process with its worker; heap after a collection. One round.`,
        ],
      ),
    ]
  },
}

/** What is left of growth when the caches are full: the second half of the runs may add a tenth. */
const flat = (ours: readonly number[]) => ({
  text: '≤ 10 % over the second half',
  holds: () => ours.at(-1)! <= 1.1 * ours[SAMPLES / 2]!,
})

const ofLiveThreads = async (bench: Bench, contestant: Contestant): Promise<Record<string, number>> => {
  const ids = threadIds('memory-live', bench.quick ? 200 : THREADS)
  const writer = await bench.actor(contestant, 'writer')
  const reader = await bench.actor(contestant, 'reader', { worker: false })
  await writer.call('startRuns', { threadIds: ids.slice(0, 10) })
  await writer.call('endRuns')
  const before = [await writer.call('memory'), await reader.call('memory')]
  await writer.call('startRuns', { threadIds: ids })
  await reader.call('follow', { threadIds: ids })
  const after = [await writer.call('memory'), await reader.call('memory')]
  await reader.call('stopFollowing')
  await writer.call('endRuns')
  await bench.endActor(reader)
  await bench.endActor(writer)
  const perThread = (at: number) => ((after[at]!.heapMiB - before[at]!.heapMiB) * 1024) / ids.length
  return { 'writer: worker, agent and caller': perThread(0), 'reader: connect()': perThread(1) }
}

/** MiB at the beginning and after each tenth of the runs. */
const overRuns = async (bench: Bench, contestant: Contestant, runs: number): Promise<number[]> => {
  const writer = await bench.actor(contestant, 'writer')
  const threads = bench.quick ? 100 : THREADS
  const part = {
    threadIds: threadIds('memory', threads),
    count: runs / SAMPLES,
    events: 6,
    bytes: 256,
    at: 100,
  }
  // So that everything is loaded and compiled before the first look.
  await writer.call('timeRuns', { ...part, count: 500 })
  const samples = [(await writer.call('memory')).heapMiB]
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    await writer.call('timeRuns', part)
    samples.push((await writer.call('memory')).heapMiB)
    bench.options.say(
      `  ${contestant.label}: ${samples.at(-1)!.toFixed(1)} MiB after ${((sample + 1) * part.count).toLocaleString('en')} runs`,
    )
  }
  await bench.endActor(writer)
  return samples
}
