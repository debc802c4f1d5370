import type { Message } from '@ag-ui/client'
import { describe, expect, it } from 'vitest'
import { threadTopic } from '../../src/topics.ts'
import { ScriptedAgent, talker, talkOf } from '../support/agents.ts'
import { collect, inputFor, textOf, typesOf } from '../support/events.ts'
import { useKafka } from '../support/kafka.ts'

const THREAD_IDS = [
  'a/b/c',
  '../..',
  '.',
  'a.b_c-d',
  'two words',
  ' ',
  'Zürich 会議 🧵',
  'x'.repeat(1_000),
  `${'x'.repeat(999)}y`,
  '%2F',
  '_h00',
  'a_2fb',
]

/** As CopilotKit does: the agent has the messages before it is given to run(). */
const echoing = (messages: Message[]) => {
  const agent = echo.clone()
  agent.setMessages(messages)
  return agent
}

const echo = new ScriptedAgent(async function* ({ threadId, runId, messages }) {
  yield { type: 'RUN_STARTED', threadId, runId }
  yield { type: 'TEXT_MESSAGE_START', messageId: `m-${runId}`, role: 'assistant' }
  yield { type: 'TEXT_MESSAGE_CONTENT', messageId: `m-${runId}`, delta: String(messages.at(-1)?.content) }
  yield { type: 'TEXT_MESSAGE_END', messageId: `m-${runId}` }
  yield { type: 'RUN_FINISHED', threadId, runId }
}, 'echo')

describe('extremes', () => {
  it('keeps threads with any id apart', async () => {
    const kafka = useKafka()
    const runner = kafka.runner({ worker: true })
    expect(new Set(THREAD_IDS.map((id) => threadTopic(kafka.prefix, id))).size).toBe(THREAD_IDS.length)
    const say = async (threadId: string) => {
      const messages = [{ id: 'u', role: 'user' as const, content: `in ${threadId}` }]
      return textOf(
        await collect(
          runner.run({ threadId, agent: echoing(messages), input: inputFor(threadId, { messages }) }),
        ),
      )
    }
    expect(await Promise.all(THREAD_IDS.map(say))).toEqual(THREAD_IDS.map((id) => `in ${id}`))
    const replayed = await Promise.all(THREAD_IDS.map((threadId) => collect(runner.connect({ threadId }))))
    expect(replayed.map(textOf)).toEqual(THREAD_IDS.map((id) => `in ${id}`))
  })

  it('carries a message of 900 KB there and back', async () => {
    const kafka = useKafka()
    await kafka.worker({ agents: { echo } })
    const content = 'x'.repeat(900 * 1024)
    const messages = [{ id: 'u', role: 'user' as const, content }]
    const runner = kafka.runner()
    const live = await collect(runner.run({ threadId: 't', agent: echo, input: inputFor('t', { messages }) }))
    expect(textOf(live) === content).toBe(true)
    const replayed = await collect(kafka.runner().connect({ threadId: 't' }))
    expect(textOf(replayed) === content).toBe(true)
  })

  it('answers an input that no record can hold with INPUT_TOO_LARGE, and goes on', async () => {
    const runner = useKafka().runner({ worker: true })
    const messages = [{ id: 'u', role: 'user' as const, content: 'x'.repeat(1_100_000) }]
    const events = await collect(
      runner.run({ threadId: 't', agent: echo, input: inputFor('t', { messages }) }),
    )
    expect(events).toMatchObject([{ type: 'RUN_ERROR', code: 'INPUT_TOO_LARGE' }])
    expect(
      typesOf(await collect(runner.run({ threadId: 't', agent: echo, input: inputFor('t') }))).at(-1),
    ).toBe('RUN_FINISHED')
  })

  it('ends a run whose agent emits an event that no record can hold with EVENT_TOO_LARGE', async () => {
    const runner = useKafka().runner({ worker: true })
    const big = new ScriptedAgent(async function* ({ threadId, runId }) {
      yield { type: 'RUN_STARTED', threadId, runId }
      yield { type: 'CUSTOM', name: 'big', value: 'x'.repeat(1_100_000) }
    })
    const events = await collect(runner.run({ threadId: 't', agent: big, input: inputFor('t') }))
    expect(typesOf(events)).toEqual(['RUN_STARTED', 'RUN_ERROR'])
    expect(events.at(-1)).toMatchObject({ code: 'EVENT_TOO_LARGE' })
  })

  it('takes a run of 20,000 events', { timeout: 60_000 }, async () => {
    const kafka = useKafka()
    const count = 20_000 - 4
    await kafka.worker({ agents: { talker: new ScriptedAgent(talker(count), 'talker') } })
    const runner = kafka.runner()
    const agent = new ScriptedAgent(talker(0), 'talker')
    const live = await collect(runner.run({ threadId: 't', agent, input: inputFor('t') }))
    expect(live.length).toBe(20_000)
    expect(textOf(live)).toBe(talkOf(count))
    const replayed = await collect(kafka.runner().connect({ threadId: 't' }))
    expect(textOf(replayed)).toBe(talkOf(count))
    expect(replayed.length).toBeLessThan(10)
  })
})
