import { firstValueFrom } from 'rxjs'
import { sleep } from '../../../src/sleep.ts'
import { textOf, typesOf } from '../../support/events.ts'
import { type Case, MEMORY } from '../case.ts'
import { inputsOf } from '../outline.ts'
import { message, never, script, started, whole } from '../scripts.ts'
import type { Stage } from '../stage.ts'

/** Says something, and goes on for as long as it may. */
const endless = script(started, { type: 'TEXT_MESSAGE_START', messageId: 'm', role: 'assistant' }, never)

const begun = async (stage: Stage, source: Parameters<Stage['run']>[0] = endless) => {
  const run = stage.run(source)
  await firstValueFrom(run.events)
  return run
}

export const STOPPING: Case[] = [
  {
    title: 'ends a run by stop() without a run id: true, RUN_FINISHED, and not running after',
    observe: async (stage) => {
      const { events } = await begun(stage)
      const answer = await stage.runner.stop({ threadId: stage.threadId })
      const live = await stage.collect(events)
      const running = await stage.runner.isRunning({ threadId: stage.threadId })
      const replayed = await stage.connect()
      return [answer, typesOf(live).at(-1), running, typesOf(replayed).at(-1)]
    },
    expected: [true, 'RUN_FINISHED', false, 'RUN_FINISHED'],
  },
  {
    title: 'ends a run by stop() with its run id, and not by that of another',
    observe: async (stage) => {
      const { input, events } = await begun(stage)
      const { threadId } = stage
      const wrong = await stage.runner.stop({ threadId, runId: 'another run' })
      const stillRunning = await stage.runner.isRunning({ threadId })
      const right = await stage.runner.stop({ threadId, runId: input.runId })
      return [wrong, stillRunning, right, typesOf(await stage.collect(events)).at(-1)]
    },
    expected: [false, true, true, 'RUN_FINISHED'],
  },
  {
    title: 'does not end a run that has just begun by a wrong run id',
    observe: async (stage) => {
      const { events } = stage.run(whole(...message('m', 'undisturbed')))
      const answer = await stage.runner.stop({ threadId: stage.threadId, runId: 'another run' })
      return [answer, textOf(await stage.collect(events))]
    },
    expected: [false, 'undisturbed'],
  },
  {
    title: 'does not end a run by the run id of the one before it',
    observe: async (stage) => {
      const { input: before, events: first } = stage.run(whole())
      await stage.collect(first)
      const { events } = await begun(stage)
      const { threadId } = stage
      const answer = await stage.runner.stop({ threadId, runId: before.runId })
      const stillRunning = await stage.runner.isRunning({ threadId })
      await stage.runner.stop({ threadId })
      await stage.collect(events)
      return [answer, stillRunning]
    },
    expected: [false, true],
  },
  {
    title: 'answers false for a thread that nobody knows, and for one that has no run',
    observe: async (stage) => {
      const { threadId } = stage
      const unknown = await stage.runner.stop({ threadId })
      const { input, events } = stage.run(whole())
      await stage.collect(events)
      const idle = await stage.runner.stop({ threadId })
      const ended = await stage.runner.stop({ threadId, runId: input.runId })
      return [unknown, idle, ended, typesOf(await stage.connect())]
    },
    expected: [false, false, false, ['RUN_STARTED', 'RUN_FINISHED']],
  },
  {
    title: 'ends a run that is stopped before its first event with RUN_STARTED and RUN_FINISHED',
    observe: async (stage) => {
      const { events } = stage.run(script(never))
      const connected = stage.connect()
      const answer = await stage.runner.stop({ threadId: stage.threadId })
      const live = await stage.patiently(stage.collect(events))
      if (live === 'still waiting') return [answer, live]
      return [answer, typesOf(live), typesOf(await connected), typesOf(await stage.connect())]
    },
    expected: [
      true,
      ['RUN_STARTED', 'RUN_FINISHED'],
      ['RUN_STARTED', 'RUN_FINISHED'],
      ['RUN_STARTED', 'RUN_FINISHED'],
    ],
    differs: {
      by: MEMORY,
      outcome: [true, ['RUN_FINISHED'], ['RUN_FINISHED'], ['RUN_FINISHED']],
      rejectedBy: ['0.0.59', '1.0.0'],
      instead: 'gives a lone RUN_FINISHED, which AG-UI’s clients reject, live and in every replay',
      because: 'One early stop must not cost the thread. Newer versions of CopilotKit do as ours.',
    },
  },
  {
    title: 'keeps the message that was asked when a run is stopped at once',
    observe: async (stage) => {
      const messages = [{ id: 'u', role: 'user' as const, content: 'Hello' }]
      const { events } = stage.run(script(never), { messages })
      await stage.runner.stop({ threadId: stage.threadId })
      await stage.collect(events)
      return inputsOf(await stage.connect()).map((input) => input.messages)
    },
    expected: [[{ id: 'u', role: 'user', content: 'Hello' }]],
    differs: {
      by: MEMORY,
      outcome: [],
      rejectedBy: ['0.0.59', '1.0.0'],
      instead: 'loses it',
      because: 'A run that was stopped was asked for.',
    },
  },
  {
    title: 'ends a run whichever moment of its first milliseconds it is stopped in',
    observe: async (stage) => {
      const stopAfter = async (delayMs: number) => {
        const one = stage.another()
        const { events } = one.run(script(never))
        await sleep(delayMs)
        await one.runner.stop({ threadId: one.threadId })
        const ended = await one.patiently(one.collect(events))
        return ended === 'still waiting' ? ended : typesOf(ended).at(-1)
      }
      // A few at a time, so that they do not wait for each other.
      const seen = new Set<string | undefined>()
      for (const fromMs of [0, 6, 12, 18]) {
        const batch = [0, 1, 2, 3, 4, 5].map((ms) => stopAfter(fromMs + ms))
        for (const end of await Promise.all(batch)) seen.add(end)
        if (seen.has('still waiting')) break
      }
      return [...seen]
    },
    expected: ['RUN_FINISHED'],
    differs: {
      by: MEMORY,
      rejectedBy: ['0.0.59', '1.0.0'],
      instead: 'ends it, with the lone RUN_FINISHED that AG-UI’s clients reject',
      because: 'As for any run that is stopped before its first event.',
    },
  },
  {
    title: 'answers the second of two stops with false',
    observe: async (stage) => {
      const { events } = await begun(stage)
      const { threadId } = stage
      const both = await Promise.all([stage.runner.stop({ threadId }), stage.runner.stop({ threadId })])
      await stage.collect(events)
      return [...both, await stage.runner.stop({ threadId })]
    },
    expected: [true, false, false],
  },
  {
    title: 'shows a connected reader the same end of a stopped run as its caller',
    observe: async (stage) => {
      const { events } = await begun(stage)
      const connected = stage.connect()
      await stage.runner.stop({ threadId: stage.threadId })
      const live = await stage.collect(events)
      return [typesOf(await connected), typesOf(live)]
    },
    expected: [
      ['RUN_STARTED', 'TEXT_MESSAGE_START', 'TEXT_MESSAGE_END', 'RUN_FINISHED'],
      ['RUN_STARTED', 'TEXT_MESSAGE_START', 'TEXT_MESSAGE_END', 'RUN_FINISHED'],
    ],
  },
]
