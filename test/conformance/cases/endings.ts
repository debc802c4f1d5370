import type { BaseEvent } from '@ag-ui/client'
import { lastValueFrom, takeWhile } from 'rxjs'
import { typesOf } from '../../support/events.ts'
import { type Case, MEMORY } from '../case.ts'
import { bodyOf, endOf } from '../outline.ts'
import { never, script, started, whole } from '../scripts.ts'
import type { Stage } from '../stage.ts'

const TEXT = { type: 'TEXT_MESSAGE_START', messageId: 'm', role: 'assistant' }
const CALL = { type: 'TOOL_CALL_START', toolCallId: 'c', toolCallName: 'look' }
const CALL_END = { type: 'TOOL_CALL_END', toolCallId: 'c' }
const STEP = { type: 'STEP_STARTED', stepName: 'work' }
const REASONING = [
  { type: 'REASONING_START', messageId: 'r' },
  { type: 'REASONING_MESSAGE_START', messageId: 'r', role: 'reasoning' },
]

const INCOMPLETE = ['RUN_ERROR', 'INCOMPLETE_STREAM', 'Run ended without emitting a terminal event']

/** What the runner adds to a run whose agent leaves off after these, with its replay's types. */
const leaveOff = async (stage: Stage, ...said: object[]) => {
  const events = await stage.play(script(started, ...said))
  return [typesOf(events.slice(said.length + 1, -1)), endOf(events)]
}

/** What the runner adds to a run that is stopped after these. */
const stopAfter = async (stage: Stage, ...said: object[]): Promise<BaseEvent[]> => {
  const { events } = stage.run(script(started, ...said, { type: 'CUSTOM', name: 'said', value: 0 }, never))
  await lastValueFrom(events.pipe(takeWhile(({ type }) => String(type) !== 'CUSTOM')))
  await stage.runner.stop({ threadId: stage.threadId })
  const all = await stage.collect(events)
  await stage.connect()
  return all.slice(said.length + 2)
}

export const ENDINGS: Case[] = [
  {
    title: 'ends a run with RUN_ERROR INCOMPLETE_STREAM whose agent ends without a terminal event',
    observe: (stage) => leaveOff(stage),
    expected: [[], INCOMPLETE],
  },
  {
    title: 'closes a message that an agent left open',
    observe: (stage) => leaveOff(stage, TEXT),
    expected: [['TEXT_MESSAGE_END'], INCOMPLETE],
  },
  {
    title: 'closes and answers a tool call that an agent left open',
    observe: async (stage) => {
      const events = await stage.play(script(started, CALL))
      const result = events.find(({ type }) => String(type) === 'TOOL_CALL_RESULT')
      const { toolCallId, messageId, role, content } = result as BaseEvent
      return [typesOf(events.slice(2)), { toolCallId, messageId, role }, JSON.parse(String(content))]
    },
    expected: [
      ['TOOL_CALL_END', 'TOOL_CALL_RESULT', 'RUN_ERROR'],
      { toolCallId: 'c', messageId: 'c-result', role: 'tool' },
      {
        status: 'error',
        reason: 'missing_terminal_event',
        message: 'Run ended without emitting a terminal event',
      },
    ],
  },
  {
    title: 'answers a tool call that an agent closed and left unanswered',
    observe: (stage) => leaveOff(stage, CALL, CALL_END),
    expected: [['TOOL_CALL_RESULT'], INCOMPLETE],
  },
  {
    title: 'adds nothing to a run that finishes with a tool call for the client to answer',
    observe: async (stage) => [
      typesOf(await stage.play(whole(CALL, CALL_END))),
      typesOf(await stage.connect()),
    ],
    expected: [
      ['RUN_STARTED', 'TOOL_CALL_START', 'TOOL_CALL_END', 'RUN_FINISHED'],
      ['RUN_STARTED', 'TOOL_CALL_START', 'TOOL_CALL_END', 'RUN_FINISHED'],
    ],
  },
  {
    title: 'closes a step that an agent left open',
    observe: (stage) => leaveOff(stage, STEP),
    expected: [['STEP_FINISHED'], INCOMPLETE],
    differs: {
      by: MEMORY,
      outcome: [[], INCOMPLETE],
      instead: 'leaves it open',
      because: 'A client shows a step that never ends.',
    },
  },
  {
    title: 'closes reasoning that an agent left open',
    observe: (stage) => leaveOff(stage, ...REASONING),
    expected: [['REASONING_MESSAGE_END', 'REASONING_END'], INCOMPLETE],
    differs: {
      by: MEMORY,
      outcome: [[], INCOMPLETE],
      instead: 'leaves it open',
      because: 'A client shows thinking that never ends.',
    },
  },
  {
    title: 'closes reasoning that is open at the agent’s own RUN_FINISHED',
    observe: async (stage) => typesOf(bodyOf(await stage.play(whole(...REASONING)))),
    expected: ['REASONING_START', 'REASONING_MESSAGE_START', 'REASONING_MESSAGE_END', 'REASONING_END'],
    differs: {
      by: MEMORY,
      outcome: ['REASONING_START', 'REASONING_MESSAGE_START'],
      rejectedBy: ['1.0.0'],
      instead: 'leaves it open, and clients of version 1 reject the run and every replay of the thread',
      because: 'One careless run must not cost the thread.',
    },
  },
  {
    title: 'closes what is open when a run is stopped, and ends it with RUN_FINISHED',
    observe: async (stage) => {
      const added = await stopAfter(stage, TEXT, CALL)
      return [typesOf(added), JSON.parse(String(added[2]?.content))]
    },
    expected: [
      ['TEXT_MESSAGE_END', 'TOOL_CALL_END', 'TOOL_CALL_RESULT', 'RUN_FINISHED'],
      { status: 'stopped', reason: 'stop_requested', message: 'Run stopped by user' },
    ],
  },
  {
    title: 'closes a step that is open when a run is stopped',
    observe: async (stage) => typesOf(await stopAfter(stage, STEP)),
    expected: ['STEP_FINISHED', 'RUN_FINISHED'],
    differs: {
      by: MEMORY,
      outcome: ['RUN_FINISHED'],
      rejectedBy: ['0.0.59', '1.0.0'],
      instead: 'finishes the run with the step open, which AG-UI’s clients reject, live and in every replay',
      because: 'One stop must not cost the thread.',
    },
  },
  {
    title: 'names thread and run in the RUN_FINISHED of a stopped run',
    asGiven: true,
    observe: async (stage) => {
      const [end] = await stopAfter(stage)
      return [end?.threadId === stage.threadId, typeof end?.runId]
    },
    expected: [true, 'string'],
    differs: {
      by: MEMORY,
      outcome: [false, 'undefined'],
      rejectedBy: ['1.0.0'],
      instead: 'the event has neither, and clients of version 1 reject every run that was stopped',
      because: 'AG-UI’s schema asks for both.',
    },
  },
  {
    title: 'closes what is open when an agent throws, and ends the run with its error',
    observe: async (stage) => {
      const live = await stage.play(script(started, TEXT, CALL, new Error('the model is gone')))
      return [typesOf(live.slice(3)), endOf(live), endOf(await stage.connect())]
    },
    expected: [
      ['TEXT_MESSAGE_END', 'TOOL_CALL_END', 'TOOL_CALL_RESULT', 'RUN_ERROR'],
      ['RUN_ERROR', 'INCOMPLETE_STREAM', 'the model is gone'],
      ['RUN_ERROR', 'INCOMPLETE_STREAM', 'the model is gone'],
    ],
  },
]
