import type { Bench } from '../bench.ts'
import type { Contestant } from '../contestant.ts'
import type { Scenario } from '../scenario.ts'
import { threadIds } from './threads.ts'

const AT_ONCE = 50
const EVENTS = 10

export const shortRuns: Scenario = {
  name: 'short-runs',
  about: 'runs/s, runs of 10 events, 50 at once on 50 threads',
  run: async (bench) => {
    const contestants = bench.contestants(() => true)
    const measured = await bench.rounds(contestants, (contestant) => measure(bench, contestant))
    return [
      bench.result(
        {
          scenario: 'short-runs',
          title: 'Short runs a second',
          metric: `runs of ${EVENTS} events, ${AT_ONCE} at once`,
          unit: 'runs/s',
          better: 'more',
          rows: [bench.row(`${AT_ONCE} threads`, measured.get('runs/s')!)],
        },
        contestants,
        [
          'The floor and Redis append and read events, and nothing else: no command, no claim, no run record, no directory.',
          'Restate journals each event as a step, and gives them with its answer.',
        ],
      ),
    ]
  },
}

const SLOW = ['Durable Streams', 'Restate']

const measure = async (bench: Bench, contestant: Contestant): Promise<Record<string, number>> => {
  const actor = await bench.actor(contestant, 'writer')
  const count = (bench.quick ? 500 : 2_000) / (SLOW.includes(contestant.label) ? 4 : 1)
  const runs = { threadIds: threadIds('short', AT_ONCE), events: EVENTS, bytes: 256, at: AT_ONCE }
  await actor.call('prepare', runs)
  await actor.call('timeRuns', { ...runs, count: count / 4 })
  const { tookMs } = await bench.profiled(contestant, 'short-runs', { writer: actor }, () =>
    actor.call('timeRuns', { ...runs, count }),
  )
  await bench.endActor(actor)
  return { 'runs/s': count / (tookMs / 1000) }
}
