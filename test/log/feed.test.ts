import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { LogPosition, ReadRecord } from '../../src/log/reading.ts'
import type { EventRecord } from '../../src/log/record.ts'
import {
  aClaim,
  anEvent,
  aRejection,
  createFakeLog,
  type Delays,
  type FakeLog,
  readerOf,
} from './fake-log.ts'

/** A reader that is fed: it has caught up, and got an append without a fetch. */
const fedReader = async (log: FakeLog) => {
  const reader = readerOf(log.logs)
  await log.pass(50)
  void log.append(anEvent())
  await log.pass(10)
  expect(log.fetchers()).toBe(0)
  return reader
}

/** The worker's way: it reads on from where it last read. */
const readBackOf = ({ logs }: FakeLog) => {
  let from: LogPosition | 0 = 0
  const seen: ReadRecord[] = []
  const readBack = async () => {
    from = (await logs.read('t', from, (records) => void seen.push(...records))) ?? from
  }
  return { seen, readBack }
}

type Action =
  | { do: 'events' | 'others'; count: number }
  | { do: 'claim' | 'end' | 'read back' | 'join' | 'leave' }
  | { do: 'retried'; times: number }
  | { do: 'wait'; ms: number }

const arbitraryAction: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ do: fc.constantFrom('events', 'events', 'others'), count: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ do: fc.constantFrom('claim', 'end', 'read back', 'read back', 'join', 'leave') }),
  fc.record({ do: fc.constant('retried'), times: fc.integer({ min: 1, max: 2 }) }),
  fc.record({ do: fc.constant('wait'), ms: fc.constantFrom(0, 1, 3, 10, 60, 250, 2_200) }),
)

const arbitraryDelays: fc.Arbitrary<Delays> = fc.record({
  ackMs: fc.constantFrom(1, 20, 120),
  fetchMs: fc.constantFrom(1, 20, 120),
})

const events = (count: number) => Array.from({ length: count }, () => anEvent())

it('gives every record exactly once and in log order, fed or read, whoever appends or reads between', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(arbitraryAction, { maxLength: 40, size: 'max' }),
      arbitraryDelays,
      async (script, delays) => {
        const log = createFakeLog(delays)
        const { seen, readBack } = readBackOf(log)
        const readers = [readerOf(log.logs), readerOf(log.logs)]
        const left: typeof readers = []
        let reading = Promise.resolve()
        const play = (action: Action): void | Promise<void> => {
          switch (action.do) {
            case 'events':
              return void log.append(...events(action.count))
            case 'others':
              return log.others(...events(action.count))
            case 'claim':
              return void log.append(aClaim())
            case 'end':
              return void log.append(anEvent('RUN_FINISHED'))
            case 'retried':
              log.failNext(action.times)
              return void log.append(anEvent())
            case 'read back':
              reading = reading.then(readBack)
              return
            case 'join':
              readers.push(readerOf(log.logs))
              return
            case 'leave':
              if (readers.length > 1) left.push(readers.shift()!)
              return left.at(-1)?.stop()
            case 'wait':
              return log.pass(action.ms)
          }
        }
        for (const action of script) await play(action)
        await log.pass(60_000)

        const stored = log.stored.map(({ offset, key }) => ({ offset, key }))
        const placesOf = (records: ReadRecord[]) => records.map(({ offset, key }) => ({ offset, key }))
        for (const { records } of readers) expect(placesOf(records)).toEqual(stored)
        for (const { records } of left) expect(placesOf(records)).toEqual(stored.slice(0, records.length))
        expect(placesOf(seen)).toEqual(stored.slice(0, seen.length))
        for (const { record, offset } of readers[0]!.records)
          if (record.kind === 'event')
            expect(record.event).toEqual(JSON.parse(String(log.stored[offset]!.value)))
      },
    ),
    { numRuns: 300 },
  )
})

it('costs no fetch while it is fed', async () => {
  const log = createFakeLog()
  const readers = [readerOf(log.logs), readerOf(log.logs)]
  await log.pass(50)
  expect(log.fetchers()).toBe(2)
  for (let at = 0; at < 30; at += 1) {
    void log.append(anEvent(), anEvent())
    await log.pass(150)
    expect(log.fetchers()).toBe(0)
  }
  for (const { offsets } of readers) expect(offsets()).toEqual(Array.from({ length: 60 }, (_, at) => at))
})

it('hears once that it has caught up, at once, whatever is appended meanwhile', async () => {
  const log = createFakeLog()
  log.others(anEvent())
  const reader = readerOf(log.logs)
  void log.append(anEvent())
  await log.pass(50)
  expect(reader.caughtUp).toEqual([2])
  const late = readerOf(log.logs, { nextOffset: 2 })
  void log.append(anEvent())
  await log.pass(50)
  expect([late.offsets(), late.caughtUp]).toEqual([[2], [3]])
  await log.pass(5_000)
  expect([reader.caughtUp, late.caughtUp]).toEqual([[2], [3]])
})

it('is fed by what others of its process read of what decides', async () => {
  const log = createFakeLog()
  const reader = await fedReader(log)
  void log.append(anEvent('RUN_FINISHED'))
  log.others(...events(3))
  await log.pass(10)
  expect(reader.offsets()).toEqual([0])
  void log.logs.read('t', { nextOffset: 1 }, () => {})
  await log.pass(20)
  expect(reader.offsets()).toEqual([0, 1, 2, 3, 4])
  expect(log.fetchers()).toBe(0)
})

it('reads again after 2 s without anything, and sees what others wrote', async () => {
  const log = createFakeLog()
  const reader = await fedReader(log)
  log.others(anEvent())
  await log.pass(1_900)
  expect(reader.offsets()).toEqual([0])
  await log.pass(300)
  expect(reader.offsets()).toEqual([0, 1])
  expect(log.fetchers()).toBe(1)
})

it.each([
  ['that decides', aClaim, 0],
  ['that was repeated', anEvent, 1],
])('reads again 200 ms after an append %s, when nobody reads it back', async (_name, make, failures) => {
  const log = createFakeLog()
  const reader = await fedReader(log)
  log.failNext(failures)
  void log.append(make())
  await log.pass(150)
  expect(reader.offsets()).toEqual([0])
  await log.pass(200)
  expect(reader.offsets()).toEqual(log.stored.map(({ offset }) => offset))
})

it('reads again within a second of an append that it was not given, while more are appended', async () => {
  const log = createFakeLog()
  const reader = await fedReader(log)
  void log.append(aRejection())
  for (let at = 0; at < 20; at += 1) {
    await log.pass(50)
    void log.append(anEvent())
  }
  expect(reader.offsets().length).toBeGreaterThan(10)
})

it('gives each reader an event of its own, and the writer keeps its own', async () => {
  const log = createFakeLog()
  const spoil = (records: ReadRecord[]) => {
    for (const { record } of records)
      if (record.kind === 'event') Object.assign(detailOf(record), { n: 'spoilt' })
  }
  const spoilers = [readerOf(log.logs, 0, spoil), readerOf(log.logs, 0, spoil)]
  const reader = readerOf(log.logs)
  const make = () => anEvent('CUSTOM', { value: { list: [{ n: 1 }] } })
  // Read by all of them, then fed by an append, then fed by a read.
  log.others(make())
  await log.pass(50)
  const own = make()
  void log.append(own)
  await log.pass(10)
  log.others(make())
  void log.logs.read('t', { nextOffset: 2 }, spoil)
  await log.pass(10)

  expect(log.fetchers()).toBe(0)
  expect(reader.records.map(({ record }) => detailOf(record as EventRecord))).toEqual(Array(3).fill({ n: 1 }))
  for (const { records } of spoilers)
    expect(records.map(({ record }) => detailOf(record as EventRecord))).toEqual(
      Array(3).fill({ n: 'spoilt' }),
    )
  expect(detailOf(own)).toEqual({ n: 1 })
})

it.each([
  ['fed', async () => {}],
  ['reading', (log: FakeLog) => log.pass(3_000)],
])('ends at once when it is stopped while %s, twice too, and leaves no timer behind', async (_name, wait) => {
  const log = createFakeLog()
  const reader = await fedReader(log)
  await wait(log)
  reader.stop()
  reader.stop()
  void log.append(anEvent())
  log.others(anEvent())
  await log.pass(1_000)
  expect(reader.offsets()).toEqual([0])
  expect(log.fetchers()).toBe(0)
  const { steps } = log.scheduler
  await log.pass(60_000)
  expect(log.scheduler.steps).toBe(steps)
})

it('may be stopped by what it is given', async () => {
  const log = createFakeLog()
  const reader = readerOf(log.logs, 0, () => reader.stop())
  await log.pass(50)
  void log.append(anEvent())
  await log.pass(10)
  void log.append(anEvent())
  await log.pass(10_000)
  expect(reader.offsets()).toEqual([0])
  expect(log.fetchers()).toBe(0)
})

const detailOf = ({ event }: EventRecord): object =>
  (event as unknown as { value: { list: [object] } }).value.list[0]
