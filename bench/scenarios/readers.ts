import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench } from '../bench.ts'
import type { Contestant } from '../contestant.ts'
import { FLOOR, OURS } from '../contestants/kafka.ts'
import type { Row } from '../report/result.ts'
import type { Scenario } from '../scenario.ts'

const RATE = 50
const EVENT_BYTES = 256

export const readers: Scenario = {
  name: 'readers',
  about: 'one thread, many readers: in one process, and over SSE',
  run: async (bench) => {
    const contestants = bench.contestants(({ shared }) => shared)
    const rows: Row[] = []
    for (const count of bench.quick ? [1, 100] : [1, 10, 100, 1_000]) {
      const name = count === 1 ? '1 reader' : `${count.toLocaleString('en')} readers`
      bench.options.say(` ${name} in one process`)
      const inProcess = await bench.rounds(contestants, (contestant) =>
        measure(bench, contestant, count, 'in process'),
      )
      bench.options.say(` ${name} over SSE`)
      const overSse = await bench.rounds([OURS], (contestant) => measure(bench, contestant, count, 'SSE'))
      for (const quantile of ['p50', 'p99']) {
        rows.push(bench.row(`${name} in one process, ${quantile}`, inProcess.get(quantile)!))
        rows.push(bench.row(`${name} over SSE, ${quantile}`, overSse.get(quantile)!))
      }
    }
    return [
      bench.result(
        {
          scenario: 'readers',
          title: 'One thread, many readers',
          metric: 'latency from emit to each reader',
          unit: 'ms',
          better: 'less',
          rows,
        },
        contestants,
        [
          `${RATE} events/s of ${EVENT_BYTES} bytes on one thread; the latency of every event at every reader.`,
          'Readers are in a second process. Over SSE that process is an API server, and a third one reads its streams.',
          'The floor parses each event once and hands the same object to all; ours gives each reader an event of its own.',
        ],
      ),
    ]
  },
}

const measure = async (
  bench: Bench,
  contestant: Contestant,
  count: number,
  how: 'in process' | 'SSE',
): Promise<Record<string, number>> => {
  const threadId = `readers-${how === 'SSE' ? 'sse-' : ''}${count}`
  const writer = await bench.actor(contestant, 'writer')
  const reader = await bench.actor(contestant, 'reader', { worker: false })
  const browser = how === 'SSE' ? await bench.actor(FLOOR, 'browser') : undefined
  await writer.call('startRuns', { threadIds: [threadId] })
  if (browser === undefined)
    await reader.call('follow', { threadIds: Array.from({ length: count }, () => threadId) })
  else await browser.call('openStreams', { url: await reader.call('serve'), threadId, count })
  const emit = (seconds: number) => writer.call('emit', { rate: RATE, seconds, bytes: EVENT_BYTES })
  await emit(1)
  const window = await bench.profiled(contestant, `readers-${count}-${how}`, { reader }, () =>
    emit(bench.quick ? 2 : 3),
  )
  await sleep(500)
  const { p50, p99 } = (await (browser ?? reader).call('agesIn', window)).connect
  await (browser ?? reader).call('stopFollowing')
  await writer.call('endRuns')
  for (const actor of [browser, reader, writer]) if (actor !== undefined) await bench.endActor(actor)
  return { p50, p99 }
}
