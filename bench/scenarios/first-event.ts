import type { Bench, Target } from '../bench.ts'
import type { Contestant } from '../contestant.ts'
import type { Scenario } from '../scenario.ts'
import { threadIds } from './threads.ts'

const RUNS = { count: 50, events: 5, bytes: 256, at: 1 }

export const firstEvent: Scenario = {
  name: 'first-event',
  about: 'run() until its first event, on a new thread and on a known one',
  run: async (bench) => {
    const contestants = bench.contestants(() => true)
    let round = 0
    const measured = await bench.rounds(contestants, (contestant) => measure(bench, contestant, ++round))
    const rows = ['a new thread', 'a known thread'].flatMap((kind) =>
      ['p50', 'p99'].map((quantile) =>
        bench.row(
          `${kind}, ${quantile}`,
          measured.get(`${kind}, ${quantile}`)!,
          TARGETS[`${kind}, ${quantile}`],
        ),
      ),
    )
    return [
      bench.result(
        {
          scenario: 'first-event',
          title: 'Time to the first event',
          metric: 'run() to its first event',
          unit: 'ms',
          better: 'less',
          rows,
        },
        contestants,
        [
          `Runs one after the other, each of an agent that emits at once: what is measured is all but the agent.`,
          'The floor has no commands and makes its topics beforehand: it appends and fetches one event.',
          'Restate gives the first event with the last.',
        ],
      ),
    ]
  },
}

const TARGETS: Record<string, Target> = {
  'a new thread, p50': { text: '≤ 25 ms', holds: ({ ours }) => ours <= 25 },
  'a known thread, p50': { text: '≤ 10 ms', holds: ({ ours }) => ours <= 10 },
}

const measure = async (
  bench: Bench,
  contestant: Contestant,
  round: number,
): Promise<Record<string, number>> => {
  const actor = await bench.actor(contestant, 'writer')
  await actor.call('prepare', {
    threadIds: [...threadIds(`warm-${round}`, 20), ...threadIds(`first-${round}`, RUNS.count)],
  })
  await actor.call('timeRuns', { ...RUNS, threadIds: threadIds(`warm-${round}`, 20), count: 40 })
  const ids = threadIds(`first-${round}`, RUNS.count)
  const fresh = await bench.profiled(contestant, 'first-event-new', { writer: actor }, () =>
    actor.call('timeRuns', { ...RUNS, threadIds: ids }),
  )
  const known = await bench.profiled(contestant, 'first-event-known', { writer: actor }, () =>
    actor.call('timeRuns', { ...RUNS, threadIds: ids }),
  )
  await bench.endActor(actor)
  return {
    'a new thread, p50': fresh.firstMs.p50,
    'a new thread, p99': fresh.firstMs.p99,
    'a known thread, p50': known.firstMs.p50,
    'a known thread, p99': known.firstMs.p99,
  }
}
