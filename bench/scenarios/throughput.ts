import type { Bench } from '../bench.ts'
import type { Contestant } from '../contestant.ts'
import { FLOOR, OURS } from '../contestants/kafka.ts'
import type { Scenario } from '../scenario.ts'
import { threadIds } from './threads.ts'

const THREADS = 100
const EVENT_BYTES = 256
/** Where nothing was measured yet. */
const BATCH_DEFAULT = 200

export const throughput: Scenario = {
  name: 'throughput',
  about: 'events/s that one worker sustains, 256-byte events, 100 threads',
  run: async (bench) => {
    const contestants = bench.contestants(({ label }) => label !== 'Restate')
    const events = bench.quick ? 500 : 2_000
    let batch = BATCH_DEFAULT
    const measured = await bench.rounds(contestants, async (contestant) => {
      if (contestant === FLOOR) return { 'events/s': await produceRaw(bench, THREADS * events, batch) }
      const { rate, perRequest } = await measure(
        bench,
        contestant,
        isSlow(contestant) ? Math.min(events, 100) : events,
      )
      if (contestant === OURS) batch = perRequest
      return { 'events/s': rate }
    })
    const target = {
      text: '≥ 50 % of the raw producer',
      holds: ({ ours, floor }: { ours: number; floor?: number }) => ours >= floor! / 2,
    }
    return [
      bench.result(
        {
          scenario: 'throughput',
          title: 'Events a second through one worker',
          metric: 'events until their callers have seen them',
          unit: 'events/s',
          better: 'more',
          rows: [
            bench.row(`${THREADS} threads, ${EVENT_BYTES}-byte events`, measured.get('events/s')!, target),
          ],
        },
        contestants,
        [
          `The floor is a producer with ready-made records of the size of ours, ${Math.round(batch)} in a request over ${THREADS} topics as ours has on average, one request after the other; nobody reads them.`,
          'Ours is the whole way: agent, worker, log, and the callers that read every event.',
          'Durable Streams got fewer events, since it takes long.',
        ],
      ),
    ]
  },
}

const isSlow = ({ label }: Contestant): boolean => label === 'Durable Streams'

const measure = async (
  bench: Bench,
  contestant: Contestant,
  events: number,
): Promise<{ rate: number; perRequest: number }> => {
  const actor = await bench.actor(contestant, 'writer')
  const ids = threadIds('throughput', THREADS)
  await actor.call('blast', { threadIds: ids, events: Math.ceil(events / 4), bytes: EVENT_BYTES })
  const { tookMs, produceRequests } = await bench.profiled(contestant, 'throughput', { writer: actor }, () =>
    actor.call('blast', { threadIds: ids, events, bytes: EVENT_BYTES }),
  )
  await bench.endActor(actor)
  return {
    rate: (THREADS * events) / (tookMs / 1000),
    perRequest: (THREADS * events) / Math.max(1, produceRequests),
  }
}

const produceRaw = async (bench: Bench, records: number, batch: number): Promise<number> => {
  const actor = await bench.actor(FLOOR, 'writer')
  const ids = threadIds('throughput', THREADS)
  await actor.call('prepare', { threadIds: ids })
  const { brokers } = JSON.parse((await bench.server(FLOOR))!.address)
  const work = {
    broker: brokers[0],
    topics: ids.map((id) => `bench-floor.${id}`),
    batch: Math.round(batch),
    bytes: EVENT_BYTES,
  }
  await actor.call('rawProduce', { ...work, records: records / 4 })
  const tookMs = await actor.call('rawProduce', { ...work, records })
  await bench.endActor(actor)
  return records / (tookMs / 1000)
}
