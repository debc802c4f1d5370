import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { FetchedRecord } from '../../src/kafka/fetch.ts'
import type { FollowHandlers } from '../../src/kafka/follower.ts'
import { type Beat, encodeBeat } from '../../src/presence/beat.ts'
import { createPresence } from '../../src/presence/presence.ts'
import { jsonFormat } from '../../src/schema/record-format.ts'
import { machine } from '../../src/system.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

const LIMIT_MS = 5_000

/** A presence that hears what the test says, with a clock that the test moves. */
const usePresence = async () => {
  let handlers: FollowHandlers | undefined
  const tail = {
    follow: (_topic: string, _from: number, given: FollowHandlers) => {
      handlers = given
      return { stop: () => {} }
    },
    close: async () => {},
  }
  const presence = createPresence({
    tail,
    topic: 'workers',
    format: jsonFormat,
    limitMs: LIMIT_MS,
    system: machine,
  })
  const started = presence.start()
  handlers?.onCaughtUp?.(0)
  await started
  let offset = 0
  const record = (key: string, value: Buffer | null): FetchedRecord => {
    offset += 1
    return { offset, key, value, headers: {}, time: Date.now() }
  }
  const hear = (...workerIds: string[]) => {
    for (const workerId of workerIds) {
      const beat: Beat = {
        version: 1,
        workerId,
        instanceId: workerId,
        state: 'running',
        agents: [],
        runs: 0,
        startedAt: 0,
        time: 0,
      }
      handlers?.onRecords([record(workerId, encodeBeat(beat, jsonFormat))])
    }
  }
  const hearLeaving = (workerId: string) => handlers?.onRecords([record(workerId, null)])
  const pass = (ms: number) => vi.advanceTimersByTime(ms)
  return { presence, hear, hearLeaving, pass }
}

it('takes a worker for lost when its beats stay away for the limit and others’ do not', async () => {
  const { presence, hear, pass } = await usePresence()
  hear('self', 'other')
  for (let second = 0; second < 4; second += 1) {
    pass(1_000)
    hear('self')
    expect(presence.isAlive('other')).toBe(true)
  }
  pass(1_000)
  hear('self')
  expect(presence.isAlive('other')).toBe(false)
  expect(presence.present().map(({ workerId }) => workerId)).toEqual(['self'])
  hear('other')
  expect(presence.isAlive('other')).toBe(true)
})

it('takes nobody for lost while it hears nobody, and gives all of them the whole limit afterwards', async () => {
  const { presence, hear, pass } = await usePresence()
  hear('self', 'other')
  pass(60_000)
  expect(presence.isAlive('other')).toBe(true)
  hear('self')
  pass(4_000)
  hear('self')
  expect(presence.isAlive('other')).toBe(true)
  pass(1_500)
  hear('self')
  expect(presence.isAlive('other')).toBe(false)
})

it('gives a worker that was never heard of the limit from its own start, and one that left nothing', async () => {
  const { presence, hear, hearLeaving, pass } = await usePresence()
  hear('self', 'other')
  expect(presence.isAlive('never heard of')).toBe(true)
  hearLeaving('other')
  expect(presence.present().map(({ workerId }) => workerId)).toEqual(['self'])
  pass(4_000)
  hear('self')
  pass(1_500)
  hear('self')
  expect(presence.isAlive('never heard of')).toBe(false)
})
