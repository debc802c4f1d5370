import { type Case, KAFKA, MEMORY } from '../case.ts'
import { idsShown, inputsOf, startedWith, user } from '../outline.ts'
import { finished, message, RawAgent, script, started, whole } from '../scripts.ts'

const [ONE, TWO] = [user('u1', 'one'), user('u2', 'two')]

export const STARTED_INPUT: Case[] = [
  {
    title: 'tells with the first RUN_STARTED the whole input',
    observe: async (stage) => {
      const more = {
        messages: [{ id: 's', role: 'system' as const, content: 'Be kind.' }, ONE],
        tools: [{ name: 'look', description: 'Looks.', parameters: { type: 'object' } }],
        context: [{ description: 'weather', value: 'rain' }],
        state: { n: 1 },
        forwardedProps: { deep: [1] },
      }
      const { input, events } = stage.run(whole(), more)
      const [told] = inputsOf(await stage.collect(events))
      return { ...told, threadId: told?.threadId === input.threadId, runId: told?.runId === input.runId }
    },
    expected: {
      threadId: true,
      runId: true,
      messages: [{ id: 's', role: 'system', content: 'Be kind.' }, ONE],
      tools: [{ name: 'look', description: 'Looks.', parameters: { type: 'object' } }],
      context: [{ description: 'weather', value: 'rain' }],
      state: { n: 1 },
      forwardedProps: { deep: [1] },
    },
  },
  {
    title: 'gives the agent the input and the messages of all runs, whatever RUN_STARTED tells',
    observe: async (stage) => {
      const given: unknown[] = []
      const listening = script((input) => {
        given.push([input.messages.map(({ id }) => id), input.state, input.forwardedProps])
        return started(input)
      }, finished)
      await stage.play(listening, { messages: [ONE], state: { n: 1 }, forwardedProps: { a: 1 } })
      await stage.play(listening, { messages: [ONE, TWO], state: { n: 2 }, forwardedProps: { a: 2 } })
      return given
    },
    expected: [
      [['u1'], { n: 1 }, { a: 1 }],
      [['u1', 'u2'], { n: 2 }, { a: 2 }],
    ],
  },
  {
    title: 'tells with a later RUN_STARTED only the messages that are new, and its own state',
    observe: async (stage) => {
      await stage.play(whole(...message('a1', 'Yes.')), { messages: [ONE] })
      const answer = { id: 'a1', role: 'assistant' as const, content: 'Yes.' }
      const second = await stage.play(whole(), { messages: [ONE, answer, TWO], state: { n: 2 } })
      const replayed = await stage.connect()
      return [
        startedWith(second),
        inputsOf(second)[0]?.state,
        startedWith(replayed),
        await idsShown(replayed),
      ]
    },
    expected: [[['u2']], { n: 2 }, [['u1'], ['u2']], ['u1', 'a1', 'u2']],
  },
  {
    title: 'knows a tool’s result again, and shows each message once over several runs',
    observe: async (stage) => {
      const turn = (n: number) => [
        ...message(`a${n}`, 'Looking.'),
        { type: 'TOOL_CALL_START', toolCallId: `c${n}`, toolCallName: 'look', parentMessageId: `a${n}` },
        { type: 'TOOL_CALL_END', toolCallId: `c${n}` },
        { type: 'TOOL_CALL_RESULT', toolCallId: `c${n}`, messageId: `r${n}`, role: 'tool', content: 'ok' },
      ]
      await stage.play(whole(...turn(1)), { messages: [ONE] })
      const result = { id: 'r1', role: 'tool' as const, toolCallId: 'c1', content: 'ok' }
      const second = await stage.play(whole(...turn(2)), { messages: [ONE, result, TWO] })
      return [startedWith(second), await idsShown(await stage.connect())]
    },
    expected: [[['u2']], ['u1', 'a1', 'r1', 'u2', 'a2', 'r2']],
  },
  {
    title: 'tells no message when the same are sent again, and the replay shows none twice',
    observe: async (stage) => {
      await stage.play(whole(...message('a1', 'x')), { messages: [ONE] })
      const again = await stage.play(whole(...message('a2', 'y')), { messages: [ONE] })
      return [startedWith(again), await idsShown(await stage.connect())]
    },
    expected: [[[]], ['u1', 'a1', 'a2']],
  },
  {
    title: 'knows messages again that came with a MESSAGES_SNAPSHOT',
    observe: async (stage) => {
      const snapshot = { type: 'MESSAGES_SNAPSHOT', messages: [ONE, user('from-snapshot')] }
      await stage.play(whole(snapshot), { messages: [ONE] })
      const second = await stage.play(whole(), { messages: [ONE, user('from-snapshot'), TWO] })
      return [startedWith(second), await idsShown(await stage.connect())]
    },
    expected: [[['u2']], ['u1', 'from-snapshot', 'u2']],
    differs: {
      by: MEMORY,
      outcome: [[['from-snapshot', 'u2']], ['u1', 'from-snapshot', 'u2']],
      instead: 'tells them again as new (clients show them once all the same)',
      because: 'They are in the thread’s history like any other.',
    },
  },
  {
    title: 'tells a message again as new when the run that first brought it left nothing in the thread',
    observe: async (stage) => {
      await stage.play(script(new Error('no key')), { messages: [ONE] })
      const second = await stage.play(whole(), { messages: [ONE] })
      return [startedWith(second), await idsShown(await stage.connect())]
    },
    expected: [[['u1']], ['u1']],
  },
  {
    title: 'leaves an input alone that the agent set itself',
    observe: async (stage) => {
      await stage.play(whole(), { messages: [ONE] })
      const own = script(
        (input) => ({
          ...started(input),
          input: { ...input, messages: [ONE, user('own')], state: { own: 1 } },
        }),
        finished,
      )
      const second = await stage.play(own, { messages: [ONE, TWO] })
      const [told] = inputsOf(second)
      return [startedWith(second), told?.state, await idsShown(await stage.connect())]
    },
    expected: [[['u1', 'own']], { own: 1 }, ['u1', 'own']],
  },
  {
    title: 'takes an input without tools, context and forwardedProps',
    observe: async (stage) => {
      const none = { tools: undefined, context: undefined, forwardedProps: undefined, state: undefined }
      const events = await stage.play(whole(), { ...none, messages: [ONE] } as never)
      return events.map(({ type }) => type)
    },
    expected: ['RUN_STARTED', 'RUN_FINISHED'],
    unverified: 'AG-UI wants these fields.',
  },
  {
    title: 'tells what else hangs on the input object',
    observe: async (stage) => {
      const events = await stage.play(whole(), { messages: [ONE], authorization: 'secret' } as never)
      return 'authorization' in inputsOf(events)[0]!
    },
    expected: true,
    differs: {
      by: KAFKA,
      outcome: false,
      instead: 'only the fields of AG-UI’s RunAgentInput are told and written to the thread',
      because:
        'Request headers and the like must never reach a log that others read. The agent does get them.',
    },
  },
  {
    title: 'tells input to an agent with a runAgent of its own, too',
    observe: async (stage) => {
      const agent = () =>
        new RawAgent(({ emit, input }) => {
          emit(started(input))
          emit(finished(input))
        })
      const first = await stage.play(agent(), { messages: [ONE] })
      const second = await stage.play(agent(), { messages: [ONE, TWO] })
      return [startedWith(first), startedWith(second)]
    },
    expected: [[['u1']], [['u2']]],
  },
]
