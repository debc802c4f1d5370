import { isDeepStrictEqual } from 'node:util'
import { firstValueFrom, skip } from 'rxjs'
import { textOf, typesOf } from '../../support/events.ts'
import { type Case, MEMORY } from '../case.ts'
import { bodyOf, idsShown, shown, user } from '../outline.ts'
import { message, never, script, started, whole } from '../scripts.ts'

export const CONNECTING: Case[] = [
  {
    title: 'completes empty for a thread that nobody knows, which stays unknown',
    observe: async (stage) => [
      await stage.connect(),
      await stage.connect(),
      await stage.runner.isRunning({ threadId: stage.threadId }),
    ],
    expected: [[], [], false],
  },
  {
    title: 'replays a finished run and completes: what its caller saw, deltas joined',
    observe: async (stage) => {
      const rounds = Array.from({ length: 5 }, async () => {
        const one = stage.another()
        const live = await one.play(whole(...message('m', 'a', 'b', 'c')))
        const replayed = await one.connect()
        return [typesOf(replayed).join(' '), textOf(replayed), isDeepStrictEqual(replayed[0], live[0])]
      })
      return Promise.all(rounds)
    },
    expected: Array(5).fill([
      'RUN_STARTED TEXT_MESSAGE_START TEXT_MESSAGE_CONTENT TEXT_MESSAGE_END RUN_FINISHED',
      'abc',
      true,
    ]),
  },
  {
    title: 'joins the arguments of a tool call in the replay, and keeps its result',
    observe: async (stage) => {
      await stage.play(
        whole(
          { type: 'TOOL_CALL_START', toolCallId: 'c', toolCallName: 'look' },
          { type: 'TOOL_CALL_ARGS', toolCallId: 'c', delta: '{"at"' },
          { type: 'TOOL_CALL_ARGS', toolCallId: 'c', delta: ':1}' },
          { type: 'TOOL_CALL_END', toolCallId: 'c' },
          { type: 'TOOL_CALL_RESULT', toolCallId: 'c', messageId: 'r', role: 'tool', content: '42' },
        ),
      )
      return bodyOf(await stage.connect()).map(({ type, delta, content }) => [type, delta ?? content])
    },
    expected: [
      ['TOOL_CALL_START', undefined],
      ['TOOL_CALL_ARGS', '{"at":1}'],
      ['TOOL_CALL_END', undefined],
      ['TOOL_CALL_RESULT', '42'],
    ],
  },
  {
    title: 'gives who connects at once after run() the whole run',
    observe: async (stage) => {
      const { events } = stage.run(whole(...message('m', 'a', 'b')))
      const connected = stage.connect()
      const live = await stage.collect(events)
      return [textOf(await connected), typesOf(await connected).length, typesOf(live).length]
    },
    expected: ['ab', 6, 6],
  },
  {
    title: 'gives who connects in the middle the whole run, without doubles or gaps, and completes with it',
    observe: async (stage) => {
      const go = Promise.withResolvers<void>()
      const { events } = stage.run(whole(...message('m1', 'a', 'b'), go.promise, ...message('m2', 'c', 'd')))
      await firstValueFrom(events.pipe(skip(3)))
      const connected = stage.connect()
      await firstValueFrom(stage.runner.connect({ threadId: stage.threadId }))
      go.resolve()
      const live = await stage.collect(events)
      return isDeepStrictEqual(await connected, live)
    },
    expected: true,
  },
  {
    title: 'gives who connects in the middle the finished runs first, then the one that goes on',
    observe: async (stage) => {
      await stage.play(whole(...message('m1', 'first')))
      const go = Promise.withResolvers<void>()
      const { events } = stage.run(whole(...message('m2', ', sec'), go.promise, ...message('m3', 'ond')))
      await firstValueFrom(events.pipe(skip(2)))
      const connected = stage.connect()
      await firstValueFrom(stage.runner.connect({ threadId: stage.threadId }).pipe(skip(6)))
      go.resolve()
      await stage.collect(events)
      return [
        textOf(await connected),
        typesOf(await connected).filter((type) => type === 'RUN_FINISHED').length,
      ]
    },
    expected: ['first, second', 2],
  },
  {
    title: 'gives two who connect at once the same, and the one that leaves takes nothing from the other',
    observe: async (stage) => {
      const go = Promise.withResolvers<void>()
      const { events } = stage.run(whole(...message('m1', 'a'), go.promise, ...message('m2', 'b')))
      const both = [stage.connect(), stage.connect()]
      await firstValueFrom(stage.runner.connect({ threadId: stage.threadId }))
      go.resolve()
      const live = await stage.collect(events)
      return (await Promise.all(both)).map((connected) => isDeepStrictEqual(connected, live))
    },
    expected: [true, true],
  },
  {
    title: 'gives all of a run to who called connect() in its middle and subscribes after its end',
    observe: async (stage) => {
      const go = Promise.withResolvers<void>()
      const { events } = stage.run(whole(...message('m1', 'a'), go.promise, ...message('m2', 'b')))
      await firstValueFrom(events)
      const connected = stage.runner.connect({ threadId: stage.threadId })
      go.resolve()
      await stage.collect(events)
      return textOf(await stage.collect(connected))
    },
    expected: 'ab',
  },
  {
    title: 'replays several runs in their order, each with its start and end',
    observe: async (stage) => {
      for (const n of [1, 2, 3, 4]) {
        await stage.play(whole(...message(`m${n}`, `${n}`)), { messages: [user(`u${n}`)] })
      }
      const replayed = await stage.connect()
      const frames = typesOf(replayed).filter((type) => type.startsWith('RUN_'))
      return [textOf(replayed), frames.join(' '), await idsShown(replayed)]
    },
    expected: [
      '1234',
      Array(4).fill('RUN_STARTED RUN_FINISHED').join(' '),
      ['u1', 'm1', 'u2', 'm2', 'u3', 'm3', 'u4', 'm4'],
    ],
  },
  {
    title: 'completes who connected at the end of that run, and shows the next run to who connects between',
    observe: async (stage) => {
      const first = stage.run(whole(...message('m1', 'one')))
      const during = stage.connect()
      await stage.collect(first.events)
      const between = textOf(await stage.connect())
      await stage.play(whole(...message('m2', ', two')))
      return [textOf(await during), between, textOf(await stage.connect())]
    },
    expected: ['one', 'one', 'one, two'],
  },
  {
    title: 'shows a live reader a message id again that an earlier run had',
    observe: async (stage) => {
      await stage.play(whole(...message('m', 'a')))
      const go = Promise.withResolvers<void>()
      const { events } = stage.run(script(started, go.promise, ...message('m', 'b'), never))
      await firstValueFrom(events)
      const connected = stage.connect()
      await firstValueFrom(stage.runner.connect({ threadId: stage.threadId }).pipe(skip(5)))
      go.resolve()
      await firstValueFrom(events.pipe(skip(3)))
      await stage.runner.stop({ threadId: stage.threadId })
      const live = await stage.collect(events)
      return [textOf(live), textOf(await connected)]
    },
    expected: ['b', 'ab'],
    differs: {
      by: MEMORY,
      outcome: ['b', 'a'],
      instead: 'leaves out the events of a message that is in the history already',
      because: 'A run may write on in a message, or answer a tool call of an earlier run.',
    },
  },
  {
    title: 'replays messages that overlap in the order of their starts',
    observe: async (stage) => {
      const [[s1, c1, e1], [s2, c2, e2]] = [message('m1', 'a'), message('m2', 'b')] as [object[], object[]]
      await stage.play(whole(s1!, s2!, c2!, e2!, c1!, e1!))
      return shown(await stage.connect(), ({ messages }) => messages.slice(1).map(({ id }) => id))
    },
    expected: ['m1', 'm2'],
    differs: {
      by: MEMORY,
      outcome: ['m2', 'm1'],
      instead: 'in the order of their ends: a reload changes the order that was seen live',
      because: 'A replay and the live run lead to the same messages.',
    },
  },
]
