import { describe, expect, it } from 'vitest'
import { type PlaybackOptions, play } from '../../src/threads/playback.ts'
import type { ThreadEvent } from '../../src/threads/thread-runs.ts'

/** A clock that goes on only while somebody waits. */
const fakeClock = () => {
  let now = 0
  return {
    elapsed: () => now,
    sleep: async (ms: number, signal?: AbortSignal) => {
      if (!signal?.aborted) now += ms
    },
    work: (ms: number) => {
      now += ms
    },
  }
}

const eventAt = (seq: number, time: number | undefined, runId = 'r1'): ThreadEvent => ({
  seq,
  time,
  runId,
  agentId: 'a',
  event: { type: 'CUSTOM' },
})

/** When each event was given, and the idle times that were told. */
const played = async (events: ThreadEvent[], options: Partial<PlaybackOptions> = {}) => {
  const clock = fakeClock()
  const given: [seq: number, at: number][] = []
  const idle: number[] = []
  const last = await play(events, {
    speed: 1,
    clock,
    signal: new AbortController().signal,
    onEvent: ({ seq }) => void given.push([seq, clock.elapsed()]),
    onIdle: (ms) => idle.push(ms),
    ...options,
  })
  return { given, idle, last }
}

describe('playing a thread', () => {
  const events = [eventAt(1, 1_000), eventAt(2, 1_400), eventAt(3, 1_400), eventAt(4, 4_000)]

  it.each([
    [1, [0, 400, 400, 3_000]],
    [10, [0, 40, 40, 300]],
    [0.5, [0, 800, 800, 6_000]],
    [Number.POSITIVE_INFINITY, [0, 0, 0, 0]],
  ])('at speed %d keeps the distances in time', async (speed, at) => {
    const { given } = await played(events, { speed })
    expect(given.map(([, time]) => time)).toEqual(at)
  })

  it('waits a second at most between runs, and tells how long it was; within a run it waits all of it', async () => {
    const hours = 3 * 3_600_000
    const { given, idle } = await played([
      eventAt(1, 0),
      eventAt(2, 60_000),
      eventAt(3, 60_000 + hours, 'r2'),
      eventAt(4, 60_100 + hours, 'r2'),
      eventAt(5, 60_600 + hours, 'r3'),
    ])
    expect(given.map(([, time]) => time)).toEqual([0, 60_000, 61_000, 61_100, 61_600])
    expect(idle).toEqual([hours])
  })

  it('gives events without times at once, and never waits for a clock that went back', async () => {
    const { given } = await played([
      eventAt(1, undefined),
      eventAt(2, undefined),
      eventAt(3, 9_000),
      eventAt(4, 5_000),
      eventAt(5, 5_100),
    ])
    expect(given.map(([, time]) => time)).toEqual([0, 0, 0, 0, 100])
  })

  it('catches up with what giving costs', async () => {
    const clock = fakeClock()
    const at: number[] = []
    await play([eventAt(1, 0), eventAt(2, 100), eventAt(3, 200)], {
      speed: 1,
      clock,
      signal: new AbortController().signal,
      onEvent: () => {
        at.push(clock.elapsed())
        clock.work(60)
      },
    })
    expect(at).toEqual([0, 100, 200])
  })

  it('ends when it is told to, with the last event that was given', async () => {
    const stopping = new AbortController()
    const { given, last } = await played(events, {
      signal: stopping.signal,
      onEvent: ({ seq }) => {
        if (seq === 2) stopping.abort()
      },
    })
    expect(given).toEqual([])
    expect(last?.seq).toBe(2)
  })
})
