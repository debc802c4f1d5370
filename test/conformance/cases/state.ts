import { firstValueFrom, skip } from 'rxjs'
import { type Case, MEMORY } from '../case.ts'
import { stateShown } from '../outline.ts'
import { whole } from '../scripts.ts'
import { unhandledDuring } from '../unhandled.ts'

const snapshot = (value: object) => ({ type: 'STATE_SNAPSHOT', snapshot: value })
const delta = (...patch: object[]) => ({ type: 'STATE_DELTA', delta: patch })
const add = (path: string, value: unknown) => ({ op: 'add', path, value })

export const STATE: Case[] = [
  {
    title: 'shows the state that a run set, after its snapshots and deltas',
    observe: async (stage) => {
      await stage.play(
        whole(snapshot({ a: 1 }), delta(add('/b', 2)), snapshot({ c: 3 }), delta(add('/d', 4))),
      )
      return stateShown(await stage.connect())
    },
    expected: { c: 3, d: 4 },
  },
  {
    title: 'shows who connects in the middle of a run the state of the earlier runs and what it adds',
    observe: async (stage) => {
      await stage.play(whole(snapshot({ a: 1 })))
      const go = Promise.withResolvers<void>()
      const { events } = stage.run(
        whole({ type: 'CUSTOM', name: 'n', value: 0 }, go.promise, delta(add('/b', 2))),
      )
      await firstValueFrom(events)
      const connected = stage.connect()
      await firstValueFrom(stage.runner.connect({ threadId: stage.threadId }).pipe(skip(3)))
      go.resolve()
      await stage.collect(events)
      return stateShown(await connected)
    },
    expected: { a: 1, b: 2 },
  },
  {
    title: 'keeps in the replay what earlier runs set when a later run only adds to the state',
    observe: async (stage) => {
      await stage.play(whole(snapshot({ a: 1 })))
      await stage.play(whole(delta(add('/b', 2))))
      await stage.play(whole())
      return stateShown(await stage.connect())
    },
    expected: { a: 1, b: 2 },
    differs: {
      by: MEMORY,
      outcome: { b: 2 },
      instead: 'loses what earlier runs set',
      because: 'A replay and the live runs lead to the same state.',
    },
  },
  {
    title: 'takes a run that replaces or removes what an earlier run set, and goes on with the thread',
    alone: true,
    observe: async (stage) => {
      const { result, unhandled } = await unhandledDuring(async () => {
        await stage.play(whole(snapshot({ a: 1, b: 1 })))
        const patch = delta({ op: 'replace', path: '/a', value: 2 }, { op: 'remove', path: '/b' })
        return stage.patiently(stage.play(whole(patch)))
      })
      const running = await stage.runner.isRunning({ threadId: stage.threadId })
      if (result === 'still waiting') return [result, running, unhandled.length]
      return [await stateShown(await stage.connect()), running, unhandled.length]
    },
    expected: [{ a: 2 }, false, 0],
    differs: {
      by: MEMORY,
      outcome: ['still waiting', true, 1],
      instead:
        'the run never ends, the thread takes no other, and an unhandled rejection ends a Node process',
      because: 'Agents do so all the time.',
    },
  },
]
