import { isDeepStrictEqual } from 'node:util'
import type { BaseEvent } from '@ag-ui/client'
import { firstValueFrom, lastValueFrom, toArray } from 'rxjs'
import { textOf, typesOf } from '../../support/events.ts'
import { type Case, MEMORY } from '../case.ts'
import { bodyOf } from '../outline.ts'
import { finished, message, RawAgent, script, started, whole } from '../scripts.ts'

/** One of each kind that both versions of AG-UI's client know. */
const EVERY_KIND: object[] = [
  { type: 'STEP_STARTED', stepName: 'think', timestamp: 1_700_000_000_000 },
  { type: 'REASONING_START', messageId: 'r' },
  { type: 'REASONING_MESSAGE_START', messageId: 'r', role: 'reasoning' },
  { type: 'REASONING_MESSAGE_CONTENT', messageId: 'r', delta: 'Hm.' },
  { type: 'REASONING_MESSAGE_END', messageId: 'r' },
  { type: 'REASONING_END', messageId: 'r' },
  { type: 'STEP_FINISHED', stepName: 'think' },
  ...message('m', 'Let me ', 'see.'),
  { type: 'TOOL_CALL_START', toolCallId: 'c', toolCallName: 'look', parentMessageId: 'm' },
  { type: 'TOOL_CALL_ARGS', toolCallId: 'c', delta: '{"at":' },
  { type: 'TOOL_CALL_ARGS', toolCallId: 'c', delta: '1}' },
  { type: 'TOOL_CALL_END', toolCallId: 'c' },
  { type: 'TOOL_CALL_RESULT', toolCallId: 'c', messageId: 'cr', role: 'tool', content: 'seen' },
  { type: 'STATE_SNAPSHOT', snapshot: { seen: [1] } },
  { type: 'STATE_DELTA', delta: [{ op: 'add', path: '/seen/-', value: 2 }] },
  { type: 'ACTIVITY_SNAPSHOT', messageId: 'a', activityType: 'PLAN', content: { at: 1 }, replace: true },
  { type: 'CUSTOM', name: 'note', value: { nested: [null, false, 0, ''] } },
  { type: 'RAW', event: { from: 'elsewhere' }, source: 'model', rawEvent: { id: 7 } },
]

/** Outside the basic plane, right to left, joined, and a surrogate pair that two deltas share. */
const TEXTS = [
  'Zürich 会議 🧵',
  '\u202eשלום\u202c',
  '👩‍👩‍👧‍👦 ',
  '\ud83e',
  '\uddf5 ',
  '\u0000\u2028"\\',
  'é'.repeat(20_000),
]

const MANY = 1_000

export const EVENTS: Case[] = [
  {
    title: 'gives the agent’s events in their order, each as it was, and completes',
    observe: async (stage) => {
      const events = await stage.play(whole(...EVERY_KIND))
      return { body: bodyOf(events), first: events[0]?.type, last: events.at(-1)?.type }
    },
    expected: { body: EVERY_KIND, first: 'RUN_STARTED', last: 'RUN_FINISHED' },
  },
  {
    title:
      'names thread and run in RUN_STARTED and RUN_FINISHED as the agent did, and keeps what else it says there',
    observe: async (stage) => {
      const result = { answer: 42 }
      const ends = (input: Parameters<typeof finished>[0]) => ({ ...finished(input), result })
      const { input, events } = stage.run(script((of) => ({ ...started(of), parentRunId: 'p' }), ends))
      const [first, last] = await stage.collect(events)
      const { threadId, runId } = input
      return [
        first?.threadId === threadId && first?.runId === runId && first?.parentRunId,
        last?.threadId === threadId && last?.runId === runId && last?.result,
      ]
    },
    expected: ['p', { answer: 42 }],
  },
  {
    title: 'gives chunks as the messages and tool calls that they make up',
    observe: async (stage) =>
      typesOf(
        await stage.play(
          whole(
            { type: 'TEXT_MESSAGE_CHUNK', messageId: 'm', role: 'assistant', delta: 'a' },
            { type: 'TEXT_MESSAGE_CHUNK', messageId: 'm', delta: 'b' },
            { type: 'TOOL_CALL_CHUNK', toolCallId: 'c', toolCallName: 'look', delta: '{}' },
          ),
        ),
      ),
    expected: [
      'RUN_STARTED',
      'TEXT_MESSAGE_START',
      'TEXT_MESSAGE_CONTENT',
      'TEXT_MESSAGE_CONTENT',
      'TEXT_MESSAGE_END',
      'TOOL_CALL_START',
      'TOOL_CALL_ARGS',
      'TOOL_CALL_END',
      'RUN_FINISHED',
    ],
  },
  {
    title: 'keeps every character of a text, live and in the replay, also half a surrogate pair in a delta',
    observe: async (stage) => {
      const live = await stage.play(whole(...message('m', ...TEXTS)))
      return [textOf(live) === TEXTS.join(''), textOf(await stage.connect()) === TEXTS.join('')]
    },
    expected: [true, true],
  },
  {
    title: `gives ${MANY} events in their order, live and in the replay`,
    observe: async (stage) => {
      const notes = Array.from({ length: MANY }, (_, value) => ({ type: 'CUSTOM', name: 'n', value }))
      const live = await stage.play(whole(...notes))
      const inOrder = (events: typeof live) => bodyOf(events).every(({ value }, index) => value === index)
      const replayed = await stage.connect()
      return [live.length, inOrder(live), replayed.length, inOrder(replayed)]
    },
    expected: [MANY + 2, true, MANY + 2, true],
  },
  {
    title: 'gives all events to who subscribes to run() after its end, and to each subscriber',
    observe: async (stage) => {
      const { events } = stage.run(whole(...message('m', 'a', 'b')))
      const first = await stage.collect(events)
      const others = await Promise.all([stage.collect(events), stage.collect(events)])
      return { types: typesOf(first), alike: others.map((other) => isDeepStrictEqual(other, first)) }
    },
    expected: {
      types: [
        'RUN_STARTED',
        'TEXT_MESSAGE_START',
        'TEXT_MESSAGE_CONTENT',
        'TEXT_MESSAGE_CONTENT',
        'TEXT_MESSAGE_END',
        'RUN_FINISHED',
      ],
      alike: [true, true],
    },
  },
  {
    title: 'goes on with a run when its subscriber leaves, and runs it when nobody ever subscribes',
    observe: async (stage) => {
      const go = Promise.withResolvers<void>()
      const { events } = stage.run(whole(...message('m1', 'left'), go.promise, ...message('m2', ' and gone')))
      await firstValueFrom(events)
      go.resolve()
      const whileRunning = textOf(await stage.connect())
      await stage.collect(events)
      stage.run(whole(...message('m3', ', unheard')))
      return [whileRunning, textOf(await stage.connect())]
    },
    expected: ['left and gone', 'left and gone, unheard'],
  },
  {
    title: 'hands out events that nobody else has: changing one changes no other reader’s, nor the replay',
    observe: async (stage) => {
      const { events } = stage.run(whole({ type: 'CUSTOM', name: 'n', value: { from: 'agent' } }))
      const noteOf = (given: BaseEvent[]) => bodyOf(given)[0]!.value as { from: string }
      const given = await lastValueFrom(events.pipe(toArray()))
      noteOf(given).from = 'a subscriber of run()'
      const replayed = await lastValueFrom(stage.runner.connect({ threadId: stage.threadId }).pipe(toArray()))
      const afterRun = noteOf(replayed).from
      noteOf(replayed).from = 'a reader'
      return [afterRun, noteOf(await stage.connect()).from]
    },
    expected: ['agent', 'agent'],
    differs: {
      by: MEMORY,
      outcome: ['a subscriber of run()', 'a reader'],
      instead: 'everybody gets the stored objects themselves, and whoever changes one changes the thread',
      because: 'What the log holds is nobody’s to change after the fact.',
    },
  },
  {
    title: 'gives an event as it was when it was emitted, whatever its agent does with the object later',
    observe: async (stage) => {
      const note = { type: 'CUSTOM', name: 'n', value: 'as emitted' }
      const agent = new RawAgent(({ emit, input }) => {
        emit(started(input))
        emit(note)
        note.value = 'changed'
        emit(finished(input))
      })
      return bodyOf(await stage.play(agent)).map(({ value }) => value)
    },
    expected: ['as emitted'],
    differs: {
      by: MEMORY,
      outcome: ['changed'],
      instead: 'who reads later sees the object as it is by then',
      because: 'What was said was said.',
    },
  },
  {
    title: 'gives values as JSON has them',
    observe: async (stage) => {
      const value = { when: new Date(0), none: undefined, list: [undefined] }
      const agent = new RawAgent(({ emit, input }) => {
        emit(started(input))
        emit({ type: 'CUSTOM', name: 'n', value })
        emit(finished(input))
      })
      const given = bodyOf(await stage.play(agent))[0]!.value as typeof value
      return [given.when instanceof Date, 'none' in given, given.list]
    },
    expected: [false, false, [null]],
    differs: {
      by: MEMORY,
      outcome: [true, true, [undefined]],
      instead:
        'a subscriber in the process gets the agent’s own values, a Date or an undefined; a client behind HTTP gets JSON',
      because:
        'An event is a record in a log. What a client sees does not depend on where its run was executed.',
    },
  },
  {
    title: 'takes any string as a thread’s id',
    observe: async (stage) => {
      const ids = ['../..', ' ', 'Zürich 会議 🧵', 'a/b?c=d', 'x'.repeat(1_000)]
      const say = async (id: string) => {
        const other = stage.another(`${id}${stage.threadId}`)
        await other.play(whole(...message('m', id)))
        return textOf(await other.connect()) === id
      }
      return Promise.all(ids.map(say))
    },
    expected: [true, true, true, true, true],
  },
  {
    title: 'keeps two threads with runs side by side apart',
    observe: async (stage) => {
      const other = stage.another()
      const go = Promise.withResolvers<void>()
      const mine = stage.run(whole(...message('m', 'mine'), go.promise, ...message('m2', '!')))
      const theirs = await other.play(whole(...message('m', 'theirs')))
      go.resolve()
      await stage.collect(mine.events)
      return [textOf(theirs), textOf(await other.connect()), textOf(await stage.connect())]
    },
    expected: ['theirs', 'theirs', 'mine!'],
  },
]
