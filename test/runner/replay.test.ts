import type { BaseEvent } from '@ag-ui/client'
import { describe, expect, it } from 'vitest'
import type { ThreadHandlers } from '../../src/log/reading.ts'
import { keyOf, type NewRecord } from '../../src/log/record.ts'
import type { ThreadLogs } from '../../src/log/thread-logs.ts'
import { parseCursor } from '../../src/runner/cursor.ts'
import { replay } from '../../src/runner/replay.ts'
import { logOf } from './thread-log.ts'

const RUN_EVENTS = 5
const typed = (type: string, fields: object = {}) => ({ type, ...fields }) as BaseEvent
const said = (run: number) =>
  ['one ', 'two '].map((delta) => typed('TEXT_MESSAGE_CONTENT', { messageId: `m${run}`, delta }))
const runOf = (run: number): BaseEvent[] => [
  typed('RUN_STARTED', { threadId: 't', runId: `run-${run}` }),
  typed('TEXT_MESSAGE_START', { messageId: `m${run}`, role: 'assistant' }),
  ...said(run),
  typed('RUN_FINISHED', { threadId: 't', runId: `run-${run}` }),
]
const runsOf = (count: number) => Array.from({ length: count }, (_, run) => runOf(run))

/** A reader of a log that is brought to it by hand. */
const readerOf = (after = '0') => {
  const started = Promise.withResolvers<ThreadHandlers>()
  const logs = {
    follow: (_threadId: string, _from: unknown, handlers: ThreadHandlers) => {
      started.resolve(handlers)
      return { stop: () => {} }
    },
  } as unknown as ThreadLogs
  const events: BaseEvent[] = []
  const cursors: string[] = []
  const ends: string[] = []
  replay({ logs, threadId: 't', after: parseCursor(after), follow: false }).subscribe({
    next: ({ event, cursor }) => {
      events.push(event)
      cursors.push(cursor)
    },
    error: ({ code }) => ends.push(code),
    complete: () => ends.push('complete'),
  })
  let offset = 0
  const read = async (records: NewRecord[]): Promise<void> => {
    const { onRecords } = await started.promise
    onRecords(records.map((record) => ({ record, key: keyOf(record), offset: offset++ })))
  }
  const catchUp = async (): Promise<void> => (await started.promise).onCaughtUp?.(offset)
  /** The runs of which an event was given. */
  const runsGiven = () => events.flatMap(({ type, runId }) => (type === 'RUN_STARTED' ? [runId] : []))
  return { read, catchUp, events, cursors, ends, runsGiven }
}

/** The same log in pieces: before each claim, and of each run before its last record. */
const batchesOf = (log: NewRecord[]): NewRecord[][] => {
  const batches: NewRecord[][] = []
  for (const record of log) {
    if (record.kind === 'claim' || batches.at(-1)?.length === 3) batches.push([])
    batches.at(-1)?.push(record)
  }
  return batches
}

const idsOf = (runs: BaseEvent[][]) => runs.map(([started]) => (started as BaseEvent).runId)

describe('a replay', () => {
  it.each([
    ['raw', 0],
    ['compacted', 4],
  ])('gives each run, %s, as soon as the next one begins, and the latest at the end', async (_name, of) => {
    const runs = runsOf(4)
    const reader = readerOf()
    let begun = 0
    for (const batch of batchesOf(logOf(runs, of))) {
      if (batch[0]?.kind === 'claim') begun += 1
      await reader.read(batch)
      expect(reader.runsGiven()).toEqual(idsOf(runs).slice(0, begun - 1))
    }
    expect(reader.ends).toEqual([])
    await reader.catchUp()
    expect(reader.runsGiven()).toEqual(idsOf(runs))
    expect(reader.ends).toEqual(['complete'])
  })

  it('gives the same however many records come at once', async () => {
    const log = logOf(runsOf(4), 2)
    const given = async (batches: NewRecord[][]) => {
      const { read, catchUp, events, cursors } = readerOf()
      for (const batch of batches) await read(batch)
      await catchUp()
      return { events, cursors }
    }
    const atOnce = await given([log])
    expect(atOnce.cursors.at(-1)).toBe(String(4 * RUN_EVENTS))
    expect(await given(batchesOf(log))).toEqual(atOnce)
    expect(await given(log.map((record) => [record]))).toEqual(atOnce)
  })

  it('goes on live behind a run that is open', async () => {
    const [first, open] = runsOf(2) as [BaseEvent[], BaseEvent[]]
    const log = logOf([first, open], 0)
    const reader = readerOf()
    await reader.read(log.slice(0, -3))
    expect(reader.runsGiven()).toEqual(idsOf([first]))
    await reader.catchUp()
    expect(reader.events.slice(-2)).toEqual(open.slice(0, 2))
    await reader.read(log.slice(-3))
    expect(reader.events.slice(-RUN_EVENTS)).toEqual(open)
    expect(reader.ends).toEqual(['complete'])
  })
})

describe('a run that Kafka’s cleaner left a gap in', () => {
  const runs = runsOf(4)
  /** Runs 0, 2 and 3 are whole; of run 1 an event is missing. */
  const log = (() => {
    const isGone = (record: NewRecord) => record.kind === 'event' && record.seq === RUN_EVENTS + 3
    return logOf(runs, 0).filter((record) => !isGone(record))
  })()
  /** As its writer makes it. */
  const runRecord = logOf(runs.slice(0, 2), 2).filter(
    (record) => record.kind === 'run' && record.firstSeq === RUN_EVENTS + 1,
  )

  it('holds back what follows, and is damage where it is there at the end', async () => {
    const reader = readerOf()
    for (const batch of batchesOf(log)) await reader.read(batch)
    expect(reader.runsGiven()).toEqual(idsOf(runs.slice(0, 1)))
    expect(reader.ends).toEqual([])
    await reader.catchUp()
    expect(reader.runsGiven()).toEqual(idsOf(runs.slice(0, 1)))
    expect(reader.ends).toEqual(['LOG_DAMAGED'])
  })

  it.each([
    ['before the end', 4],
    ['before the last run', 3],
  ])('is given right where its run record comes later, %s', async (_name, after) => {
    const whole = readerOf()
    await whole.read(logOf(runs, 0))
    await whole.catchUp()
    expect(runRecord).toHaveLength(1)

    const reader = readerOf()
    const at = log.findIndex(({ kind }, place) => kind === 'claim' && claimsIn(log.slice(0, place)) === after)
    const place = at === -1 ? log.length : at
    await reader.read(log.slice(0, place))
    await reader.read(runRecord)
    await reader.read(log.slice(place))
    expect(reader.runsGiven()).toEqual(idsOf(runs.slice(0, after === 4 ? 1 : 3)))
    await reader.catchUp()
    expect(reader.events).toEqual(whole.events)
    expect(reader.cursors).toEqual(whole.cursors)
    expect(reader.ends).toEqual(['complete'])
  })

  it('is no damage for a reader that has the run', async () => {
    const reader = readerOf(String(2 * RUN_EVENTS))
    await reader.read(log)
    expect(reader.runsGiven()).toEqual(idsOf(runs.slice(2, 3)))
    await reader.catchUp()
    expect(reader.ends).toEqual(['complete'])
  })
})

describe('a reader with a cursor', () => {
  const endOf = async (after: string, compacted = 3) => {
    const reader = readerOf(after)
    for (const batch of batchesOf(logOf(runsOf(3), compacted))) await reader.read(batch)
    await reader.catchUp()
    return reader
  }

  it.each([0, 3])('is given exactly what it is missing, where %i runs are compacted', async (compacted) => {
    const reader = await endOf(String(RUN_EVENTS + 3), compacted)
    expect(reader.events).toEqual([...runOf(1).slice(3), ...(await endOf(String(2 * RUN_EVENTS))).events])
    expect(reader.cursors[0]).toBe(String(RUN_EVENTS + 4))
  })

  it.each(['15', '14', '10.3', '10.1'])('at %s, in the last run, is given its rest alone', async (after) => {
    const reader = await endOf(after)
    expect(reader.ends).toEqual(['complete'])
    expect(reader.runsGiven()).toEqual([])
    expect(reader.events.length).toBe(4 - (after === '15' ? 4 : after === '14' ? 3 : Number(after.at(-1))))
  })

  it('counts events of the run it goes on in, and not of those behind it', async () => {
    const long = [
      ...runOf(0).slice(0, -1),
      typed('CUSTOM', { name: 'note', value: 1 }),
      ...runOf(0).slice(-1),
    ]
    const short = [typed('RUN_STARTED', { threadId: 't', runId: 'run-1' }), ...runOf(1).slice(-1)]
    for (const compacted of [0, 3]) {
      const reader = readerOf('0.4')
      await reader.read(logOf([long, short, runOf(2)], compacted))
      await reader.catchUp()
      expect(reader.ends).toEqual(['complete'])
      expect(reader.events.slice(0, 3)).toEqual([...long.slice(-1), ...short])
    }
  })

  it('completes without an event where it has everything', async () => {
    const { events, ends } = await endOf(String(3 * RUN_EVENTS))
    expect([events, ends]).toEqual([[], ['complete']])
  })

  it.each([
    ['beyond the end', '16'],
    ['far beyond the end', '999'],
    ['of a count that its run does not have', '0.9'],
    ['of a count that the last run does not have', '10.9'],
    ['of a count behind the last run', '15.1'],
  ])('%s has none of this thread', async (_name, after) => {
    for (const compacted of [0, 3]) {
      const { events, ends } = await endOf(after, compacted)
      expect([events, ends]).toEqual([[], ['CURSOR_UNKNOWN']])
    }
  })
})

const claimsIn = (log: NewRecord[]): number => log.filter(({ kind }) => kind === 'claim').length
