import { firstValueFrom } from 'rxjs'
import type { Case } from '../case.ts'
import { message, script, started, whole } from '../scripts.ts'

export const RUNNING: Case[] = [
  {
    title: 'answers isRunning: false before, true from run() to the end, false after',
    observe: async (stage) => {
      const { threadId } = stage
      const ask = () => stage.runner.isRunning({ threadId })
      const go = Promise.withResolvers<void>()
      const before = await ask()
      const { events } = stage.run(whole(...message('m', 'x'), go.promise))
      const atOnce = await ask()
      await firstValueFrom(events)
      const during = await ask()
      go.resolve()
      await stage.collect(events)
      return [before, atOnce, during, await ask()]
    },
    expected: [false, true, true, false],
  },
  {
    title: 'answers isRunning with false after an error, and for a thread that nobody knows',
    observe: async (stage) => {
      await stage.play(script(started, new Error('gone')))
      const other = stage.another()
      return [
        await stage.runner.isRunning({ threadId: stage.threadId }),
        await stage.runner.isRunning({ threadId: other.threadId }),
        await other.connect(),
      ]
    },
    expected: [false, false, []],
  },
]
