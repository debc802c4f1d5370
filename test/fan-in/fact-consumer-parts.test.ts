import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KeyQueues } from '../../src/fan-in/key-queues.ts'
import { Parts } from '../../src/fan-in/parts.ts'
import { Progress } from '../../src/fan-in/progress.ts'
import { Room } from '../../src/fan-in/room.ts'
import { parseRunFact, type RunFact } from '../../src/fan-in/run-fact.ts'
import type { ConsumedRecord } from '../../src/kafka/consumed-record.ts'
import { sleep } from '../../src/sleep.ts'
import { endInParts } from '../support/facts.ts'

const recordAt = (offset: number, fact: RunFact): ConsumedRecord => ({
  topic: 'runs',
  partition: 0,
  offset,
  key: fact.threadId,
  value: Buffer.from(JSON.stringify(fact)),
  headers: {},
})
const newParts = () => new Parts(({ value }) => parseRunFact(JSON.parse(String(value))))

describe('the parts of an end', () => {
  it('make one fact in whatever pieces they are told, as soon as one telling was whole, and keep nothing', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 6 }),
        // What workers told that failed in between: some of the parts, in their order.
        fc.array(fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }), { maxLength: 4 }),
        (count, failed) => {
          const told = endInParts('t', 1, count)
          const tellings = [...failed.map((some) => told.filter((_, part) => some[part])), told]
          const parts = newParts()
          const complete = tellings.flat().flatMap((fact, offset) => {
            const joined = parts.add(fact, recordAt(offset, fact))
            return joined.what === 'complete' ? [joined.delivery] : []
          })
          expect(complete.length).toBeGreaterThan(0)
          for (const { fact, records } of complete) {
            expect(fact.events).toEqual(told.flatMap(({ events }) => events))
            expect(records.length).toBe(count)
          }
          if (failed.length === 0) expect(parts.bytes).toBe(0)
        },
      ),
    )
  })

  it('are given up when no more came for 100,000 records, and are of one splitting', () => {
    const parts = newParts()
    const [first] = endInParts('t', 1, 3)
    const [otherwise, last] = endInParts('t', 1, 2)
    parts.add(first!, recordAt(5, first!))
    expect(parts.add(otherwise!, recordAt(6, otherwise!)).what).toBe('kept')
    expect(parts.add(last!, recordAt(7, last!)).what).toBe('complete')
    expect(parts.takeStale(100_005)).toEqual([])
    expect(parts.takeStale(100_006).map(({ records }) => records.map(({ offset }) => offset))).toEqual([[5]])
    expect([parts.bytes, parts.takeStale(200_000)]).toEqual([0, []])
  })
})

it('progress commits up to the lowest record that is not done, whatever comes again', () => {
  const delivery = fc.record({ what: fc.constant('delivery' as const), back: fc.nat(5) })
  const done = fc.record({ what: fc.constant('done' as const), offset: fc.integer({ min: 10, max: 40 }) })
  const commit = fc.record({ what: fc.constant('commit' as const) })
  fc.assert(
    fc.property(fc.array(fc.oneof(delivery, done, commit), { maxLength: 100 }), (steps) => {
      const progress = new Progress()
      const open = new Set<number>()
      let next = 10
      let committed = 0
      const act = {
        // A rebalance goes back to what was committed.
        delivery: ({ back }: { back: number }) => {
          const offset = Math.max(10, next - back)
          expect(progress.begin(offset)).toBe(offset === next)
          if (offset === next) open.add(next++)
        },
        done: ({ offset }: { offset: number }) => {
          progress.done(offset)
          open.delete(offset)
        },
        commit: () => {
          committed = progress.committable ?? committed
          progress.committed(committed)
        },
      }
      for (const step of steps) {
        act[step.what](step as never)
        const wanted = next === 10 ? 0 : Math.min(next, ...open)
        expect(progress.committable).toBe(wanted > committed ? wanted : undefined)
      }
    }),
  )
})

it('queues keep the order of a key, and no more than so many jobs are under way', async () => {
  const queues = new KeyQueues(3)
  const done: string[] = []
  let running = 0
  let most = 0
  for (let job = 0; job < 40; job += 1) {
    const key = `key-${job % 5}`
    queues.push(key, async () => {
      most = Math.max(most, ++running)
      await sleep(Math.random() * 3)
      running -= 1
      done.push(`${key} ${job}`)
    })
  }
  await queues.idle()
  expect([done.length, most]).toEqual([40, 3])
  for (let key = 0; key < 5; key += 1) {
    const jobs = done
      .filter((each) => each.startsWith(`key-${key} `))
      .map((each) => Number(each.split(' ')[1]))
    expect(jobs).toEqual(jobs.toSorted((one, other) => one - other))
  }
})

it('a room holds up what comes while it is full, and lets one of any size in', async () => {
  const room = new Room({ recordsMax: 2, bytesMax: 100 })
  await room.enter(1_000)
  let entered = false
  const waiting = room.enter(1).then(() => {
    entered = true
  })
  await sleep(5)
  expect(entered).toBe(false)
  room.leave(1_000)
  await waiting
  await room.enter(1)
  const late = room.enter(1)
  room.close()
  await late
})
