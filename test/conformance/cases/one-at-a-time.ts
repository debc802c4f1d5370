import type { RunAgentInput } from '@ag-ui/client'
import { firstValueFrom } from 'rxjs'
import { textOf, typesOf } from '../../support/events.ts'
import { type Case, MEMORY } from '../case.ts'
import { message, never, script, started, whole } from '../scripts.ts'
import type { Stage } from '../stage.ts'

/** What run() throws, or 'a run' where it does not. */
const attempt = (stage: Stage, more?: Partial<RunAgentInput>): string => {
  try {
    stage.run(whole(), more)
    return 'a run'
  } catch (error) {
    return (error as Error).message
  }
}

/** Whether it is running and what a next run gets, each several times: readers in one process may disagree for a moment. */
const inTurn = () =>
  [0, 1, 2, 3].flatMap(() => [
    ({ runner, threadId }: Stage) => runner.isRunning({ threadId }),
    async (stage: Stage) => attempt(stage),
  ])

export const ONE_AT_A_TIME: Case[] = [
  {
    title: 'throws "Thread already running" at once for a second run, and does not disturb the first',
    observe: async (stage) => {
      const go = Promise.withResolvers<void>()
      const { events } = stage.run(whole(...message('m1', 'all'), go.promise, ...message('m2', ' well')))
      const atOnce = attempt(stage)
      await firstValueFrom(events)
      const later = attempt(stage)
      go.resolve()
      const live = await stage.collect(events)
      const replayed = await stage.connect()
      return [atOnce, later, textOf(live), typesOf(replayed).filter((type) => type === 'RUN_STARTED').length]
    },
    expected: ['Thread already running', 'Thread already running', 'all well', 1],
  },
  {
    title: 'throws it for the same run id, too',
    observe: async (stage) => {
      const { input, events } = stage.run(script(started, never))
      await firstValueFrom(events)
      const again = attempt(stage, { runId: input.runId })
      await stage.runner.stop({ threadId: stage.threadId })
      await stage.collect(events)
      return again
    },
    expected: 'Thread already running',
  },
  {
    title: 'takes the next run from the very moment that a stream completes',
    observe: async (stage) => {
      const next = await new Promise<string>((resolve) => {
        stage.run(whole(...message('m', 'x'))).events.subscribe({ complete: () => resolve(attempt(stage)) })
      })
      return [next, typesOf(await stage.connect()).filter((type) => type === 'RUN_FINISHED').length]
    },
    expected: ['a run', 2],
  },
  {
    title: 'takes the next run after an error, and after a stop whose stream has completed',
    observe: async (stage) => {
      await stage.play(script(started, new Error('gone')))
      const { events } = stage.run(script(started, ...message('m', 'x'), never))
      await firstValueFrom(events)
      await stage.runner.stop({ threadId: stage.threadId })
      await stage.collect(events)
      return typesOf(await stage.play(whole()))
    },
    expected: ['RUN_STARTED', 'RUN_FINISHED'],
  },
  {
    title: 'takes the next run once stop() has answered, and is not running then',
    observe: async (stage) => {
      const seen = new Set<unknown>()
      for (const ask of inTurn()) {
        const one = stage.another()
        const { events } = one.run(script(started, ...message('m', 'x'), never))
        await firstValueFrom(events)
        await one.runner.stop({ threadId: one.threadId })
        seen.add(await ask(one))
        await one.collect(events)
      }
      return [...seen]
    },
    expected: [false, 'a run'],
    differs: {
      by: MEMORY,
      outcome: [false, 'Thread already running'],
      instead: 'answers before the run has ended: "Thread already running" until it has',
      because: 'stop() here answers how the run ended, so it waits for that.',
    },
  },
  {
    title:
      'takes the next run from the very moment that a connected reader’s stream completes, and is not running then',
    observe: async (stage) => {
      const seen = new Set<unknown>()
      for (const ask of inTurn()) {
        const one = stage.another()
        one.run(whole(...message('m', 'x')))
        await one.connect()
        seen.add(await ask(one))
        await one.connect()
      }
      return [...seen]
    },
    expected: [false, 'a run'],
  },
  {
    title: 'throws it while a run is being stopped',
    observe: async (stage) => {
      const { events } = stage.run(script(started, ...message('m', 'x'), never))
      await firstValueFrom(events)
      const stopped = stage.runner.stop({ threadId: stage.threadId })
      const next = attempt(stage)
      await stopped
      await stage.collect(events)
      return next
    },
    expected: 'Thread already running',
  },
  {
    title: 'takes runs with the same run id one after the other, and keeps both',
    observe: async (stage) => {
      await stage.play(whole(...message('m1', 'one')), { runId: 'same' })
      await stage.play(whole(...message('m2', ', two')), { runId: 'same' })
      return textOf(await stage.connect())
    },
    expected: 'one, two',
  },
]
