import type { AgentSubscriber, BaseEvent } from '@ag-ui/client'
import fc from 'fast-check'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { OpenItems } from '../../src/run/open-items.ts'
import { machine } from '../../src/system.ts'
import { execute, RunControl } from '../../src/worker/execute.ts'
import { HeldDeltas } from '../../src/worker/held-deltas.ts'
import type { RunWriter } from '../../src/worker/run-writer.ts'
import { arbitraryRun, PRIOR_MESSAGES, PRIOR_STATE } from '../run/arbitrary-run.ts'
import { CLIENTS, replay, type Thread } from '../run/clients.ts'
import { ScriptedAgent, talker, talkOf } from '../support/agents.ts'
import { inputFor, typesOf } from '../support/events.ts'

const ids = { threadId: 't', runId: 'r' }
const numRuns = Number(process.env.HELD_RUNS ?? 200)
const typed = (type: string, fields: object = {}): BaseEvent => ({ type, ...fields }) as BaseEvent
const runOf = (...events: BaseEvent[]) => [typed('RUN_STARTED', ids), ...events, typed('RUN_FINISHED', ids)]

const holding = (): AgentSubscriber => {
  const held = new HeldDeltas()
  return { onEvent: ({ event, messages }) => held.take(event, messages) }
}

beforeEach(() => {
  // The clients warn of every patch that fails and every field that they do not know.
  vi.spyOn(console, 'warn').mockImplementation(() => {})
})

describe.each(CLIENTS)('an agent whose deltas are held, with AG-UI client %s', (_version, client) => {
  const expectSame = async (run: BaseEvent[], thread?: Thread): Promise<void> => {
    // Not the events: a client adds deltas to the very messages of a MESSAGES_SNAPSHOT.
    const { events: _told, ...expected } = await replay(client, run, thread)
    const { events: _held, ...actual } = await replay(client, run, thread, holding())
    expect(actual).toEqual(expected)
  }

  // Fails where ids meet: of two messages of one id, of a message and a call, of an activity and what is no activity.
  it('ends with the same messages and state', { timeout: 120_000 }, async () => {
    const thread = fc.constantFrom<Thread>(
      { messages: [], state: {} },
      { messages: PRIOR_MESSAGES, state: PRIOR_STATE },
    )
    await fc.assert(fc.asyncProperty(arbitraryRun(ids), thread, expectSame), { numRuns })
  })

  it('has the arguments of a tool call that has no parent message', () =>
    expectSame(
      runOf(
        typed('TOOL_CALL_START', { toolCallId: 'c', toolCallName: 'search' }),
        typed('TOOL_CALL_ARGS', { toolCallId: 'c', delta: '{"q":' }),
        typed('TOOL_CALL_ARGS', { toolCallId: 'c', delta: '1}' }),
        typed('TOOL_CALL_END', { toolCallId: 'c' }),
      ),
    ))

  it('has the metadata of deltas, which are not held', async () => {
    const delta = (text: string, metadata?: object) =>
      typed('TEXT_MESSAGE_CONTENT', { messageId: 'm', delta: text, ...(metadata && { metadata }) })
    const seen: string[] = []
    const onTextMessageContentEvent: AgentSubscriber['onTextMessageContentEvent'] = ({ event }) => {
      seen.push(event.delta)
    }
    const run = runOf(
      typed('TEXT_MESSAGE_START', { messageId: 'm', role: 'assistant' }),
      ...[delta('held, '), delta('told, ', { model: 'a' }), delta('held again')],
      typed('TEXT_MESSAGE_END', { messageId: 'm' }),
    )
    const { messages } = await replay(client, run, undefined, { ...holding(), onTextMessageContentEvent })
    expect(messages).toEqual((await replay(client, run)).messages)
    expect(messages).toMatchObject([{ content: 'held, told, held again' }])
    expect(seen).toEqual(['told, '])
  })
})

describe('execute', () => {
  /** What the agent's events come to in a log, and on the agent itself. */
  const executed = async (agent: ScriptedAgent, room?: () => Promise<void>) => {
    const events: BaseEvent[] = []
    const open = new OpenItems()
    const writer = {
      open,
      write: (event: BaseEvent) => {
        events.push(event)
        open.observe(event as never)
        return room?.()
      },
      drained: async () => {},
    } as unknown as RunWriter
    const given = { agent, input: inputFor('t'), writer, control: new RunControl() }
    await execute({ ...given, stopGraceMs: 0, system: machine })
    return events
  }
  const deltasIn = (events: BaseEvent[]) =>
    typesOf(events).filter((type) => type === 'TEXT_MESSAGE_CONTENT').length

  it('writes each delta, and leaves the agent with the whole message', async () => {
    const agent = new ScriptedAgent(talker(20))
    expect(deltasIn(await executed(agent))).toBe(20)
    expect(agent.messages).toMatchObject([{ role: 'assistant', content: talkOf(20) }])
  })

  it.each([
    ['at once', undefined],
    ['after a while', () => machine.sleep(1)],
  ])(
    'spares an agent that nobody watches each delta, where a writer takes events %s',
    async (_name, room) => {
      const grown = new Set<unknown>()
      const agent: ScriptedAgent = new ScriptedAgent(async function* (input, signal) {
        for await (const event of talker(5, 2)(input, signal)) {
          yield event
          if (agent.messages.length > 0) grown.add(agent.messages[0]?.content)
        }
      })
      expect(deltasIn(await executed(agent, room))).toBe(5)
      expect([...grown].filter((text) => text !== talkOf(5))).toEqual([''])
      expect(agent.messages).toMatchObject([{ content: talkOf(5) }])
    },
  )

  it('lets subscribers of the agent see each delta, and the message as it grows', async () => {
    const agent = new ScriptedAgent(talker(20))
    const told: string[] = []
    const grown: unknown[] = []
    agent.subscribe({
      onTextMessageContentEvent: ({ event }) => void told.push(event.delta),
      onMessagesChanged: ({ messages }) => void grown.push(messages.at(-1)?.content),
    })
    expect(deltasIn(await executed(agent))).toBe(20)
    expect(told.join('')).toBe(talkOf(20))
    expect(told).toHaveLength(20)
    expect(grown).toEqual(expect.arrayContaining([talkOf(1), talkOf(10), talkOf(20)]))
    expect(agent.messages).toMatchObject([{ content: talkOf(20) }])
  })
})
