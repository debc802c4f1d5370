import type { BaseEvent, Message } from '@ag-ui/client'
import fc from 'fast-check'
import type { AnyEvent } from '../../src/run/event.ts'
import { type Move, RunDraft } from './run-draft.ts'

export interface RunIds {
  threadId: string
  runId: string
}

/** What a thread may hold before the run: messages of all kinds, some of whose ids the run uses again. */
export const PRIOR_MESSAGES: Message[] = [
  { id: 'p-parts', role: 'user', content: [{ type: 'text', text: 'Look at this' }] },
  { id: 'p-text', role: 'assistant', content: 'Said before. ' },
  { id: 'p-activity', role: 'activity', activityType: 'plan', content: { done: 1, steps: ['a'] } },
  {
    id: 'p-caller',
    role: 'assistant',
    toolCalls: [{ id: 'p-call', type: 'function', function: { name: 'search', arguments: '{"q":' } }],
  },
  { id: 'p-call-result', role: 'tool', toolCallId: 'p-call', content: 'found' },
  { id: 'p-reasoning', role: 'reasoning', content: 'Thought before.' },
]

export const PRIOR_STATE = { set: 'before', list: [1, 2], deep: { n: 1 } }

/** A whole run, from RUN_STARTED to its terminal event, that the verifiers of 0.0.59 and 1.0.0 accept. */
export const arbitraryRun = (ids: RunIds): fc.Arbitrary<BaseEvent[]> =>
  fc.tuple(arbitraryDraft(ids), arbitraryTerminal(ids)).map(([draft, terminal]) => {
    if (terminal.type === 'RUN_FINISHED') draft.close()
    return [...draft.events, terminal] as BaseEvent[]
  })

/** A run that breaks off anywhere, the very beginning included. */
export const arbitraryBrokenRun = (ids: RunIds): fc.Arbitrary<BaseEvent[]> =>
  fc
    .tuple(arbitraryDraft(ids), fc.nat({ max: 20 }))
    .map(([draft, left]) => draft.events.slice(0, Math.max(0, draft.events.length - left)) as BaseEvent[])

const arbitraryText = fc.oneof(
  fc.string({ maxLength: 4 }),
  fc.string({ unit: 'grapheme', maxLength: 4 }),
  fc.constantFrom('', '\ud83d', '\ude00', '\\', '"', '\n', '{"q":"', '\u0000'),
)

const OPS = [
  ...Array<string>(24).fill('textDelta'),
  ...Array<string>(12).fill('callDelta'),
  ...Array<string>(8).fill('reasoningDelta'),
  ...Array<string>(8).fill('thinking'),
  ...Array<string>(4).fill('text'),
  ...Array<string>(4).fill('call'),
  ...['reasoning', 'reasoning', 'span', 'result', 'result', 'step', 'subagent', 'encrypted'],
]

const arbitraryMove: fc.Arbitrary<Move> = fc.record({
  op: fc.constantFrom(...OPS),
  pick: fc.nat({ max: 41 }),
  other: fc.nat({ max: 41 }),
  text: arbitraryText,
  dressing: fc.nat({ max: 99 }),
})

const snapshotMessages: fc.Arbitrary<unknown[]> = fc.subarray(
  [
    ...PRIOR_MESSAGES,
    { id: 'm1', role: 'assistant', content: 'Restated. ' },
    {
      id: 'm2',
      role: 'assistant',
      content: 'Called. ',
      toolCalls: [{ id: 'c1', type: 'function', function: { name: 'search', arguments: '{' } }],
    },
    { id: 'shared', role: 'user', content: 'Asked' },
    { id: 'c2', role: 'assistant', content: '' },
  ],
  { maxLength: 8 },
)

const arbitraryPatch = fc.array(
  fc.oneof(
    fc.record({
      op: fc.constantFrom('add', 'replace'),
      path: fc.constantFrom('/set', '/n', '/list/0', '/list/-', '/deep/n', '/nowhere/n'),
      value: fc.oneof(fc.nat({ max: 9 }), fc.constant({ n: 1 }), fc.constant(null)),
    }),
    fc.record({ op: fc.constant('remove'), path: fc.constantFrom('/set', '/n', '/list/0', '/deep') }),
    fc.record({
      op: fc.constant('replace'),
      path: fc.constant(''),
      value: fc.constantFrom(null, { n: 2 }, []),
    }),
  ),
  { minLength: 1, maxLength: 3 },
)

/** Events that need nothing open. */
const arbitraryLoner: fc.Arbitrary<AnyEvent> = fc.oneof(
  event('STATE_SNAPSHOT', {
    snapshot: fc.constantFrom({ n: 1 }, {}, [1], null, 0, 'text', { list: [], set: 's' }),
  }),
  event('STATE_SNAPSHOT', { snapshot: fc.constantFrom({ n: 3 }, { deep: { n: 4 } }) }),
  event('STATE_DELTA', { delta: arbitraryPatch }),
  event('STATE_DELTA', { delta: arbitraryPatch }),
  event('MESSAGES_SNAPSHOT', { messages: snapshotMessages }),
  event('ACTIVITY_SNAPSHOT', {
    messageId: fc.constantFrom('p-activity', 'a1', 'm1', 'shared', 'c1'),
    activityType: fc.constant('plan'),
    content: fc.constantFrom({ done: 0 }, { done: 2, steps: [] }),
    replace: fc.boolean(),
  }),
  event('ACTIVITY_DELTA', {
    messageId: fc.constantFrom('p-activity', 'a1', 'm1'),
    activityType: fc.constant('plan'),
    patch: fc.constant([{ op: 'replace', path: '/done', value: 7 }]),
  }),
  event('CUSTOM', { name: fc.constant('note'), value: fc.nat({ max: 9 }) }),
  event('RAW', { event: fc.record({ n: fc.nat({ max: 9 }) }) }),
)

function event(type: string, fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<AnyEvent> {
  return fc.record(fields).map((made) => ({ type, ...made }))
}

const arbitraryDraft = ({ threadId, runId }: RunIds): fc.Arbitrary<RunDraft> =>
  fc
    .record({
      said: fc.option(fc.constantFrom('m1', 'p-text', 'u1'), { nil: undefined }),
      steps: fc.array(
        fc.oneof(
          { weight: 6, arbitrary: arbitraryMove },
          { weight: 1, arbitrary: fc.tuple(arbitraryMove, arbitraryLoner) },
        ),
        { maxLength: 60, size: 'max' },
      ),
    })
    .map(({ said, steps }) => {
      const draft = new RunDraft()
      const messages = said === undefined ? [] : [{ id: said, role: 'user', content: 'Hello' }]
      const input = { threadId, runId, state: {}, messages, tools: [], context: [], forwardedProps: {} }
      const started = { type: 'RUN_STARTED', threadId, runId, ...(said !== undefined && { input }) }
      draft.events.push(started)
      for (const step of steps) {
        if (!Array.isArray(step)) draft.play(step)
        else draft.push(step[0], step[1].type, step[1])
      }
      return draft
    })

const arbitraryTerminal = ({ threadId, runId }: RunIds): fc.Arbitrary<AnyEvent> =>
  fc.constantFrom(
    { type: 'RUN_FINISHED', threadId, runId },
    { type: 'RUN_FINISHED', threadId, runId, result: { n: 1 }, outcome: { type: 'success' } },
    {
      type: 'RUN_FINISHED',
      threadId,
      runId,
      outcome: { type: 'interrupt', interrupts: [{ id: 'i1', reason: 'input_required' }] },
    },
    { type: 'RUN_ERROR', message: 'Out of luck', code: 'UNLUCKY' },
  )
