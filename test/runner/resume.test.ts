import type { BaseEvent } from '@ag-ui/client'
import fc from 'fast-check'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { arbitraryBrokenRun, arbitraryRun } from '../run/arbitrary-run.ts'
import { CLIENTS, replay } from '../run/clients.ts'
import { readAfter } from './thread-log.ts'

const numRuns = Number(process.env.RESUME_RUNS ?? 150)
/** Milliseconds. What fails is made smaller for no longer than that. */
const interruptAfterTimeLimit = 60_000
const idsOf = (run: number) => ({ threadId: 't', runId: `run-${run}` })
const typed = (type: string, fields: object = {}): BaseEvent => ({ type, ...fields }) as BaseEvent

const phantom = [typed('RUN_ERROR', { message: 'failed before its first event' })]

/** One to four runs, some of which failed before they began, and one more that may go on still. */
const arbitraryThread = fc
  .tuple(
    arbitraryRun(idsOf(1)),
    fc.array(fc.oneof({ weight: 4, arbitrary: arbitraryRun(idsOf(2)) }, fc.constant(phantom)), {
      maxLength: 3,
    }),
    fc.option(arbitraryBrokenRun(idsOf(3)), { nil: [] }),
  )
  .map(([first, more, open]) => [first, ...more, ...(open.length > 0 ? [open] : [])])

/** A reader that leaves after some events, and how many of the runs are compacted when it comes back. */
const arbitraryBreaks = fc.array(fc.record({ take: fc.nat({ max: 60 }), compacted: fc.nat({ max: 5 }) }), {
  minLength: 1,
  maxLength: 4,
})

interface Break {
  take: number
  compacted: number
}

/** All that a reader is given over its breaks, to the end of the thread; and the cursors that it went on from. */
const readInPieces = (runs: BaseEvent[][], breaks: Break[]) => {
  const events: BaseEvent[] = []
  const cursors = ['0']
  let compacted = 0
  const read = (taken: number) => {
    const missing = readAfter(runs, compacted, cursors.at(-1)!).slice(0, taken)
    events.push(...missing.map(({ event }) => event))
    cursors.push(missing.at(-1)?.cursor ?? cursors.at(-1)!)
  }
  for (const { take, compacted: more } of breaks) {
    compacted = Math.max(compacted, more)
    read(take)
  }
  compacted = Math.max(compacted, breaks.length + (breaks[0]?.compacted ?? 0))
  read(Number.POSITIVE_INFINITY)
  return { events, cursors }
}

const visible = (runs: BaseEvent[][]) => runs.filter((run) => run !== phantom).flat()

beforeEach(() => {
  // The clients warn of every patch that fails and every field that they do not know.
  vi.spyOn(console, 'warn').mockImplementation(() => {})
})

describe.each(CLIENTS)(
  'a reader that comes back with its cursor, with AG-UI client %s',
  (_version, client) => {
    it('ends with the messages and the state of a full replay', { timeout: 120_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(arbitraryThread, arbitraryBreaks, async (runs, breaks) => {
          const { events: _raw, ...expected } = await replay(client, visible(runs))
          const { events: _given, ...actual } = await replay(client, readInPieces(runs, breaks).events)
          expect(actual).toEqual(expected)
        }),
        { numRuns, interruptAfterTimeLimit },
      )
    })
  },
)

describe('what a reader is given', () => {
  const property = (check: (runs: BaseEvent[][], breaks: Break[]) => void) =>
    fc.assert(fc.property(arbitraryThread, arbitraryBreaks, check), { numRuns: 500, interruptAfterTimeLimit })

  it('is nothing twice and nothing less', () => {
    const joinable = /_CONTENT$|^TOOL_CALL_ARGS$|^STATE_/
    const rest = (events: BaseEvent[]) => events.filter(({ type }) => !joinable.test(type))
    const deltas = (events: BaseEvent[]) => {
      const said = new Map<string, string>()
      for (const { type, messageId, toolCallId, delta } of events as BaseEvent[] &
        Record<string, unknown>[]) {
        if (typeof delta !== 'string') continue
        const key = `${type} ${messageId ?? toolCallId}`
        said.set(key, (said.get(key) ?? '') + delta)
      }
      return said
    }
    property((runs, breaks) => {
      const { events } = readInPieces(runs, breaks)
      expect(rest(events)).toEqual(rest(visible(runs)))
      expect(deltas(events)).toEqual(deltas(visible(runs)))
    })
  })

  it('comes with cursors that end at the last seq, after which nothing is missing', () => {
    property((runs, breaks) => {
      const { cursors } = readInPieces(runs, breaks)
      const end = runs.flat().length
      const last = runs.at(-1) === phantom ? end - 1 : end
      expect(Number(cursors.at(-1))).toBeLessThanOrEqual(last)
      expect(readAfter(runs, 5, cursors.at(-1)!)).toEqual([])
      expect(readAfter(runs, 0, String(end))).toEqual([])
    })
  })
})

const started = typed('RUN_STARTED', idsOf(1))
const finished = typed('RUN_FINISHED', idsOf(1))
const opens = (messageId: string) => typed('TEXT_MESSAGE_START', { messageId, role: 'assistant' })
const says = (messageId: string, delta: string) => typed('TEXT_MESSAGE_CONTENT', { messageId, delta })
const ends = (messageId: string) => typed('TEXT_MESSAGE_END', { messageId })

describe('a cursor', () => {
  const run = [
    started,
    opens('m'),
    says('m', 'one '),
    says('m', 'two '),
    says('m', 'three'),
    ends('m'),
    finished,
  ]

  it('inside of what was compacted meanwhile gives the part of a text that is missing', () => {
    expect(readAfter([run], 1, '4')).toEqual([
      { event: says('m', 'three'), cursor: '5' },
      { event: ends('m'), cursor: '6' },
      { event: finished, cursor: '7' },
    ])
  })

  it('counts events where texts were told side by side, and goes on exactly there', () => {
    const talk = [
      started,
      opens('a'),
      opens('b'),
      says('a', '1'),
      says('b', '2'),
      says('a', '3'),
      says('b', '4'),
    ]
    const thread = [[...talk, ends('a'), ends('b'), finished]]
    expect(readAfter(thread, 1, '0').map(({ cursor }) => cursor)).toEqual([
      '1',
      '2',
      '3',
      '0.4',
      '7',
      '8',
      '9',
      '10',
    ])
    expect(readAfter(thread, 1, '0.4')[0]).toEqual({ event: says('b', '24'), cursor: '7' })
    // One that had read up to 5 live is given what follows, and may leave in between again.
    expect(readAfter(thread, 1, '5').slice(0, 2)).toEqual([
      { event: says('a', '3'), cursor: '6' },
      { event: says('b', '4'), cursor: '7' },
    ])
  })

  it('at or in a run that failed before its first event goes on behind it', () => {
    const thread = [run, phantom, run]
    expect(readAfter(thread, 3, '7')[0]).toEqual({ event: started, cursor: '9' })
    expect(readAfter(thread, 0, '8')[0]).toEqual({ event: started, cursor: '9' })
  })

  it.each([
    ['beyond the end', '8', 1],
    ['of a run record that is not there yet', '0.3', 0],
    ['of more events than the run record has', '0.9', 1],
    ['of a thread that is empty', '1', 0],
  ])('%s is not this thread’s', (name, cursor, compacted) => {
    const thread = name.endsWith('empty') ? [] : [name.endsWith('yet') ? run.slice(0, -1) : run]
    expect(() => readAfter(thread, compacted, cursor)).toThrow(
      expect.objectContaining({ code: 'CURSOR_UNKNOWN', message: expect.stringContaining(cursor) }),
    )
  })

  it.each([['x'], ['-1'], [''], [' 1'], ['1.'], ['1.2.3'], ['9'.repeat(16)]])('is not %j', (text) => {
    expect(() => readAfter([run], 0, text)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }))
  })
})
