import type { BaseEvent } from '@ag-ui/client'
import fc from 'fast-check'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { type CompactOptions, compactRun } from '../../src/run/compact.ts'
import type { AnyEvent } from '../../src/run/event.ts'
import type { Seqs } from '../../src/run/seqs.ts'
import { arbitraryRun, PRIOR_MESSAGES, PRIOR_STATE } from './arbitrary-run.ts'
import { CLIENTS, replay, type Thread } from './clients.ts'

const ids = { threadId: 't', runId: 'r' }
const started: AnyEvent = { type: 'RUN_STARTED', ...ids }
const finished: AnyEvent = { type: 'RUN_FINISHED', ...ids }
const numRuns = Number(process.env.COMPACT_RUNS ?? 250)

const compacted = <E extends AnyEvent>(events: readonly E[], options?: CompactOptions): E[] =>
  compactRun(
    events,
    events.map((_, at) => at + 1),
    options,
  ).events

/** The raw events that an event stands for, cut out of it again. */
const piecesOf = (event: AnyEvent, seqs: Seqs): { seq: number; event: AnyEvent }[] => {
  if (typeof seqs === 'number') return [{ seq: seqs, event }]
  let from = 0
  return seqs.flatMap(([first, ...chars]) =>
    chars.map((length, at) => {
      from += length
      const delta = String(event.delta).slice(from - length, from)
      return { seq: first + at, event: { ...event, delta } }
    }),
  )
}

const text = (messageId: string, delta: string, more: object = {}): AnyEvent => ({
  type: 'TEXT_MESSAGE_CONTENT',
  messageId,
  delta,
  ...more,
})
const args = (toolCallId: string, delta: string): AnyEvent => ({ type: 'TOOL_CALL_ARGS', toolCallId, delta })
const typed = (type: string, fields: object = {}): AnyEvent => ({ type, ...fields })

const TRAPS: [string, AnyEvent[]][] = [
  [
    'an activity takes the place of the message that holds a tool call',
    [
      typed('TOOL_CALL_START', { toolCallId: 'c', toolCallName: 'search', parentMessageId: 'm' }),
      args('c', 'kept'),
      typed('ACTIVITY_SNAPSHOT', { messageId: 'm', activityType: 'plan', content: {} }),
      args('c', 'lost'),
      typed('TOOL_CALL_END', { toolCallId: 'c' }),
      typed('TOOL_CALL_START', { toolCallId: 'c', toolCallName: 'search' }),
      args('c', 'new'),
    ],
  ],
  [
    'a tool call creates anew the message that a snapshot took away',
    [
      typed('TEXT_MESSAGE_START', { messageId: 'c', role: 'assistant' }),
      typed('MESSAGES_SNAPSHOT', { messages: [] }),
      text('c', 'lost'),
      typed('TOOL_CALL_START', { toolCallId: 'c', toolCallName: 'search' }),
      text('c', 'kept'),
    ],
  ],
  [
    'a result goes before the message whose id it has',
    [
      typed('TOOL_CALL_START', { toolCallId: 'c', toolCallName: 'search' }),
      typed('TEXT_MESSAGE_START', { messageId: 'm', role: 'assistant' }),
      text('m', 'to the text'),
      typed('TOOL_CALL_RESULT', { toolCallId: 'c', messageId: 'm', role: 'tool', content: 'found' }),
      text('m', 'to the result'),
    ],
  ],
  [
    'a state is replaced by null, which 0.0.59 does not show',
    [typed('STATE_SNAPSHOT', { snapshot: { n: 1 } }), typed('STATE_SNAPSHOT', { snapshot: null })],
  ],
]

beforeEach(() => {
  // The clients warn of every patch that fails and every field that they do not know.
  vi.spyOn(console, 'warn').mockImplementation(() => {})
})

describe.each(CLIENTS)('with AG-UI client %s', (_version, client) => {
  it('gives the messages and the state of the raw run', { timeout: 600_000 }, async () => {
    const thread = fc.constantFrom<Thread>(
      { messages: [], state: {} },
      { messages: PRIOR_MESSAGES, state: PRIOR_STATE },
      { messages: PRIOR_MESSAGES, state: null },
    )
    await fc.assert(
      fc.asyncProperty(arbitraryRun(ids), thread, fc.constantFrom(5, 65_536), async (raw, prior, max) => {
        const { events: _raw, ...expected } = await replay(client, raw, prior)
        const { events: _compacted, ...actual } = await replay(
          client,
          compacted(raw, { joinedSizeMax: max }),
          prior,
        )
        expect(actual).toEqual(expected)
      }),
      { numRuns },
    )
  })

  // Rare enough for the property to miss them.
  it.each(TRAPS)('does so where %s', async (_name, trap) => {
    const raw = [started, ...trap, typed('RUN_ERROR', { message: 'over' })] as BaseEvent[]
    const { events: _raw, ...expected } = await replay(client, raw)
    const { events: _compacted, ...actual } = await replay(client, compacted(raw))
    expect(actual).toEqual(expected)
  })
})

describe('the compacted run', () => {
  const property = (check: (raw: BaseEvent[], fewer: BaseEvent[]) => void) =>
    fc.assert(
      fc.property(arbitraryRun(ids), (raw) => void check(raw, compacted(raw))),
      { numRuns: 500 },
    )

  it('is never longer, and does not touch the raw one', () => {
    property((raw) => {
      const before = structuredClone(raw)
      expect(compacted(raw).length).toBeLessThanOrEqual(raw.length)
      expect(raw).toEqual(before)
    })
  })

  it('says of each event which raw ones it stands for, and of joined deltas where each ends', () => {
    property((raw) => {
      const seqs = raw.map((_, at) => 100 + at)
      const fewer = compactRun(raw, seqs)
      const found = fewer.events.flatMap((event, at) => piecesOf(event, fewer.seqs[at]!))
      expect(new Set(found.map(({ seq }) => seq)).size).toBe(found.length)
      for (const { seq, event } of found) {
        const { timestamp: _joined, ...piece } = event
        const { timestamp: _own, ...own } = raw[seq - 100] as AnyEvent
        expect(piece).toEqual(own)
      }
      const gone = seqs.filter((seq) => !found.some((piece) => piece.seq === seq))
      for (const seq of gone) expect(raw[seq - 100]?.type).toMatch(/^STATE_/)
    })
  })

  it('compacted again stays as it is', () => {
    property((_raw, fewer) => expect(compacted(fewer)).toEqual(fewer))
  })

  it('keeps every event but deltas and states, in order', () => {
    const joinable = /_CONTENT$|^TOOL_CALL_ARGS$|^STATE_/
    const kept = (events: BaseEvent[]) => events.filter(({ type }) => !joinable.test(type))
    property((raw, fewer) => {
      expect(kept(fewer)).toEqual(kept(raw))
      expect(fewer[0]).toEqual(raw[0])
      expect(fewer.at(-1)).toEqual(raw.at(-1))
    })
  })

  it('keeps what an event says beyond its delta', () => {
    const says = (events: BaseEvent[]) =>
      events.filter((event) => event.metadata ?? event.rawEvent ?? (event as AnyEvent).unheardOf)
    property((raw, fewer) => expect(says(fewer)).toEqual(says(raw)))
  })

  it('never has two plain deltas of one message side by side', () => {
    const plain = (event: AnyEvent | undefined) =>
      event?.type === 'TEXT_MESSAGE_CONTENT' &&
      !('metadata' in event || 'rawEvent' in event || 'unheardOf' in event)
    property((_raw, fewer) => {
      for (const [at, event] of fewer.entries()) {
        const next = fewer[at + 1]
        if (!plain(event) || !plain(next) || event.subagentRunId !== next?.subagentRunId) continue
        expect(next?.messageId).not.toBe(event.messageId)
      }
    })
  })
})

describe('deltas', () => {
  it('of a text are a handful in the end', () => {
    const deltas = Array.from({ length: 20_000 }, (_, n) => text('m', `word ${n} `))
    const start = typed('TEXT_MESSAGE_START', { messageId: 'm', role: 'assistant' })
    const end = typed('TEXT_MESSAGE_END', { messageId: 'm' })
    const fewer = compacted([started, start, ...deltas, end, finished])
    expect(fewer.length).toBeLessThan(10)
    expect(fewer.map(({ delta }) => delta ?? '').join('')).toBe(deltas.map(({ delta }) => delta).join(''))
  })

  it('join in the place of the first, each with its own', () => {
    const { events, seqs } = compactRun(
      [
        text('m1', 'a', { timestamp: 1 }),
        args('c1', '{'),
        text('m2', 'x'),
        args('c1', '}'),
        text('m1', 'b', { timestamp: 2 }),
        typed('CUSTOM', { name: 'n', value: 1 }),
        text('m2', 'y'),
      ],
      [11, 12, 13, 14, 15, 16, 17],
    )
    expect(seqs).toEqual([
      [
        [11, 1],
        [15, 1],
      ],
      [
        [12, 1],
        [14, 1],
      ],
      [
        [13, 1],
        [17, 1],
      ],
      16,
    ])
    expect(events).toEqual([
      text('m1', 'ab', { timestamp: 1 }),
      args('c1', '{}'),
      text('m2', 'xy'),
      typed('CUSTOM', { name: 'n', value: 1 }),
    ])
  })

  it('are bounded, and one that is too long stays whole', () => {
    const deltas = ['aa', 'bb', 'cc', 'dddddd', 'e', '', '', '', '', ''].map((delta) => text('m', delta))
    const joined = compacted(deltas, { joinedSizeMax: 6 }).map(({ delta }) => delta)
    expect(joined).toEqual(['aabb', 'cc', 'dddddd', 'e', ''])
  })

  const apart: [string, AnyEvent][] = [
    ['a messages snapshot', typed('MESSAGES_SNAPSHOT', { messages: [] })],
    ['the end of the message', typed('TEXT_MESSAGE_END', { messageId: 'm' })],
    ['its start, replayed', typed('TEXT_MESSAGE_START', { messageId: 'm' })],
    ['a tool call that may create it', typed('TOOL_CALL_START', { toolCallId: 'c', parentMessageId: 'm' })],
    ['a tool call of the same id', typed('TOOL_CALL_START', { toolCallId: 'm' })],
    ['a result under its id', typed('TOOL_CALL_RESULT', { toolCallId: 'c', messageId: 'm' })],
    ['an encrypted value', typed('REASONING_ENCRYPTED_VALUE', { entityId: 'm' })],
    ['reasoning of the same id', typed('REASONING_MESSAGE_CONTENT', { messageId: 'm', delta: 'r' })],
    ['an activity', typed('ACTIVITY_SNAPSHOT', { messageId: 'm' })],
    ['a patch of an activity', typed('ACTIVITY_DELTA', { messageId: 'm' })],
    ['a chunk', typed('TEXT_MESSAGE_CHUNK', { messageId: 'n', delta: 'r' })],
    ['an event that nobody knows', typed('TOMORROW')],
    ['a delta with metadata', text('m', 'r', { metadata: {} })],
    ['a delta with a raw event', text('m', 'r', { rawEvent: {} })],
    ['a delta of another owner', text('m', 'r', { subagentRunId: 's' })],
  ]
  it.each(apart)('stay apart across %s', (_name, between) => {
    const run = [text('m', 'a'), between, text('m', 'b')]
    expect(compacted(run)).toEqual(run)
  })
})

describe('state', () => {
  const snapshot = (value: unknown, more: object = {}) =>
    typed('STATE_SNAPSHOT', { snapshot: value, ...more })
  const delta = typed('STATE_DELTA', { delta: [{ op: 'add', path: '/a', value: 1 }] })

  it('that a later snapshot replaces is dropped; the deltas after it stay one by one', () => {
    const run = [started, delta, snapshot({ a: 1 }), delta, text('m', 'a'), snapshot({ b: 1 }), delta, delta]
    expect(compacted(run)).toEqual([started, text('m', 'a'), snapshot({ b: 1 }), delta, delta])
  })

  it.each([[null], [0], [''], [false]])('before a snapshot of %j stays: 0.0.59 passes that over', (value) => {
    const run = [snapshot({ a: 1 }), snapshot(value)]
    expect(compacted(run)).toEqual(run)
  })

  it('events that say more stay, with what they build on', () => {
    const more = { ...delta, metadata: { by: 'me' } }
    expect(compacted([snapshot({}), delta, more, delta, snapshot({})])).toEqual([
      snapshot({}),
      delta,
      more,
      snapshot({}),
    ])
  })
})
