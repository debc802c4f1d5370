import { firstValueFrom } from 'rxjs'
import { textOf, typesOf } from '../../support/events.ts'
import { type Case, MEMORY } from '../case.ts'
import { endOf } from '../outline.ts'
import {
  DeafAgent,
  finished,
  message,
  never,
  RawAgent,
  script,
  started,
  UnstoppableAgent,
} from '../scripts.ts'
import type { Stage } from '../stage.ts'

/** Says something, and goes on for as long as it may. */
const endless = script(started, { type: 'TEXT_MESSAGE_START', messageId: 'm', role: 'assistant' }, never)

const begun = async (stage: Stage, source: Parameters<Stage['run']>[0] = endless) => {
  const run = stage.run(source)
  await firstValueFrom(run.events)
  return run
}

export const STOPPED_AGENTS: Case[] = [
  {
    title:
      'closes what is open in a run that is stopped and never had a RUN_STARTED, and adds none in its middle',
    observe: async (stage) => {
      const agent = new RawAgent(async ({ emit, signal }) => {
        for (const event of message('m', 'Partial').slice(0, 2)) emit(event)
        emit({ type: 'TOOL_CALL_START', toolCallId: 'c', toolCallName: 'look', parentMessageId: 'm' })
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
      })
      const { events } = await begun(stage, agent)
      await stage.runner.stop({ threadId: stage.threadId })
      return typesOf(await stage.collect(events)).slice(3)
    },
    expected: ['TEXT_MESSAGE_END', 'TOOL_CALL_END', 'TOOL_CALL_RESULT', 'RUN_FINISHED'],
    unverified: 'AG-UI wants RUN_STARTED first.',
  },
  {
    title: 'ends with the RUN_ERROR that an agent emits when it is aborted, and adds nothing behind it',
    observe: async (stage) => {
      const agent = new RawAgent(async ({ emit, input, signal }) => {
        emit(started(input))
        for (const event of message('m', 'frames').slice(0, 2)) emit(event)
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
        emit({ type: 'RUN_ERROR', message: 'This operation was aborted', code: 'abort' })
      })
      const { events } = await begun(stage, agent)
      const answer = await stage.runner.stop({ threadId: stage.threadId })
      return [answer, endOf(await stage.collect(events)), endOf(await stage.connect())]
    },
    expected: [
      true,
      ['RUN_ERROR', 'abort', 'This operation was aborted'],
      ['RUN_ERROR', 'abort', 'This operation was aborted'],
    ],
    differs: {
      by: MEMORY,
      outcome: [true, ['RUN_ERROR', 'abort', 'This operation was aborted'], ['TEXT_MESSAGE_CONTENT']],
      rejectedBy: ['0.0.59', '1.0.0'],
      instead: 'replays the open message behind the RUN_ERROR, which AG-UI’s clients reject from then on',
      because: 'One stop must not cost the thread.',
    },
  },
  {
    title: 'ends with the agent’s own RUN_FINISHED where it emits one when it is aborted',
    observe: async (stage) => {
      const agent = new RawAgent(async ({ emit, input, signal }) => {
        emit(started(input))
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
        for (const event of message('m', 'Goodbye.')) emit(event)
        emit({ ...finished(input), result: 'stopped' })
      })
      const { events } = await begun(stage, agent)
      const answer = await stage.runner.stop({ threadId: stage.threadId })
      const live = await stage.collect(events)
      return [answer, textOf(live), live.at(-1)?.result]
    },
    expected: [true, 'Goodbye.', 'stopped'],
  },
  {
    title: 'ends a run with RUN_FINISHED whose agent throws when it is aborted',
    observe: async (stage) => {
      const agent = new RawAgent(async ({ emit, input, signal }) => {
        emit(started(input))
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
        throw new DOMException('This operation was aborted', 'AbortError')
      })
      const { events } = await begun(stage, agent)
      const answer = await stage.runner.stop({ threadId: stage.threadId })
      return [answer, typesOf(await stage.collect(events)), typesOf(await stage.connect())]
    },
    expected: [true, ['RUN_STARTED', 'RUN_FINISHED'], ['RUN_STARTED', 'RUN_FINISHED']],
  },
  {
    title: 'ends a run whose agent does not hear that it is to stop',
    observe: async (stage) => {
      const { events } = await begun(stage, new DeafAgent(endless))
      const answer = await stage.runner.stop({ threadId: stage.threadId })
      const ended = await stage.patiently(stage.collect(events))
      return [answer, ended === 'still waiting' ? ended : typesOf(ended).at(-1)]
    },
    expected: [true, 'RUN_FINISHED'],
    differs: {
      by: MEMORY,
      outcome: [true, 'still waiting'],
      instead: 'the run never ends, and the thread takes no other',
      because: 'A stop that was promised is a stop: after `stopGraceMs` the agent is cut off.',
    },
  },
  {
    title: 'ends a run whose agent throws when it is told to stop',
    observe: async (stage) => {
      const { events } = await begun(stage, new UnstoppableAgent(endless))
      const answer = await stage.runner.stop({ threadId: stage.threadId })
      const ended = await stage.patiently(stage.collect(events))
      const running = await stage.runner.isRunning({ threadId: stage.threadId })
      return [answer, ended === 'still waiting' ? ended : typesOf(ended).at(-1), running]
    },
    expected: [true, 'RUN_FINISHED', false],
    differs: {
      by: MEMORY,
      outcome: [false, 'still waiting', true],
      instead: 'answers false, and the run goes on',
      because: 'It is cut off after `stopGraceMs`, like an agent that does not hear.',
    },
  },
]
