import type { RunAgentInput } from '@ag-ui/client'
import { describe, expect, it } from 'vitest'
import { AgUiAgent } from '../../../src/agents/ag-ui/ag-ui-agent.ts'
import { check } from '../../../src/agents/ag-ui/check.ts'
import { agUiSettings } from '../../../src/agents/ag-ui/settings.ts'
import { testAgent } from '../../../src/agents/kit/test-agent.ts'
import type { AnyEvent } from '../../../src/run/event.ts'
import { agentFor } from '../../../src/worker/agents.ts'
import { describeAgent } from '../suite/describe-agent.ts'
import { useFake } from '../suite/fake-server.ts'
import { agUiCase } from './case.ts'
import { frame, runOf, spoken } from './fake-endpoint.ts'

describeAgent(agUiCase)

/** An endpoint that answers with these events. */
const useEndpoint = async (events: readonly unknown[], settings: object = {}) => {
  const fake = await useFake((_, answer) => answer.sse(events.map((event) => frame(event as object))))
  return { fake, agent: new AgUiAgent(agUiSettings.parse({ url: fake.url, ...settings })) }
}

const IDS = { threadId: 'theirs', runId: 'theirs' }
const play = async (events: readonly unknown[]) => testAgent((await useEndpoint(events)).agent)
const typesOf = (events: readonly AnyEvent[]) => events.map(({ type }) => type)

describe('an agent of type ag-ui', () => {
  it('hands the input on whole', async () => {
    const { fake, agent } = await useEndpoint(runOf(IDS, []))
    const input: RunAgentInput = {
      threadId: 't',
      runId: 'r',
      messages: [{ id: 'm', role: 'user', content: 'Hello' }],
      tools: [{ name: 'paint', description: 'Paints', parameters: { type: 'object' } }],
      context: [{ description: 'where', value: 'here' }],
      state: { theme: 'dark' },
      forwardedProps: { variables: { a: 1 } },
      resume: [{ interruptId: 'i', status: 'resolved', payload: { yes: true } }],
    }
    agent.pendingInterrupts = [{ id: 'i', reason: 'why' }]
    await testAgent(agent, { input })
    expect(fake.requests[0]?.body).toMatchObject(input)
    expect(fake.requests[0]?.headers.accept).toContain('text/event-stream')
  })

  it('has our thread and run in the place of theirs, and each terminal event once', async () => {
    const run = await play([...runOf(IDS, spoken(['Hi'], 'm')), ...runOf(IDS, spoken(['Again'], 'n'))])
    expect(typesOf(run.events)).toEqual([
      'RUN_STARTED',
      'TEXT_MESSAGE_START',
      'TEXT_MESSAGE_CONTENT',
      'TEXT_MESSAGE_END',
      'RUN_FINISHED',
    ])
    expect(JSON.stringify(run.events)).not.toContain('theirs')
  })

  it('begins the run itself where the endpoint does not say that it began', async () => {
    const [, ...events] = runOf(IDS, spoken(['Hi'], 'm'))
    expect((await play(events)).terminal).toMatchObject({ type: 'RUN_FINISHED' })
  })

  it('reads chunks as the messages and calls that they stand for', async () => {
    const run = await play(
      runOf(IDS, [
        { type: 'TEXT_MESSAGE_CHUNK', messageId: 'm', delta: 'Let me ' },
        { type: 'TEXT_MESSAGE_CHUNK', delta: 'see.' },
        { type: 'TOOL_CALL_CHUNK', toolCallId: 'c', toolCallName: 'look', delta: '{}' },
        { type: 'TOOL_CALL_RESULT', toolCallId: 'c', messageId: 'r', content: 'Nothing.' },
      ]),
    )
    expect(run.text).toBe('Let me see.')
    expect(run.messages.slice(1)).toMatchObject([
      { id: 'm', content: 'Let me see.' },
      { toolCalls: [{ id: 'c', function: { name: 'look', arguments: '{}' } }] },
      { role: 'tool', content: 'Nothing.' },
    ])
  })

  it('reads the thinking of old endpoints as reasoning', async () => {
    const run = await play(
      runOf(IDS, [
        { type: 'THINKING_START', title: 'Hm' },
        { type: 'THINKING_TEXT_MESSAGE_START' },
        { type: 'THINKING_TEXT_MESSAGE_CONTENT', delta: 'So…' },
        { type: 'THINKING_TEXT_MESSAGE_END' },
        { type: 'THINKING_END' },
      ]),
    )
    expect(run.messages[1]).toMatchObject({ role: 'reasoning', content: 'So…' })
    expect(new Set(run.events.slice(1, -1).map(({ messageId }) => messageId)).size).toBe(1)
  })

  it('closes reasoning that the endpoint leaves open, which clients of 1.x refuse', async () => {
    const messageId = 'm'
    const run = await play(
      runOf(IDS, [
        { type: 'REASONING_START', messageId },
        { type: 'REASONING_MESSAGE_START', messageId, role: 'reasoning' },
      ]),
    )
    expect(typesOf(run.events).slice(-3)).toEqual(['REASONING_MESSAGE_END', 'REASONING_END', 'RUN_FINISHED'])
  })

  it('keeps events of types that it does not know, and fields too', async () => {
    const future = { type: 'HOLOGRAM_START', shape: { sides: 6 } }
    const custom = { type: 'CUSTOM', name: 'x', value: null, hue: 'red' }
    const run = await play(runOf(IDS, [future, custom]))
    expect(run.events.slice(1, 3)).toEqual([{ type: 'RAW', event: future, source: 'ag-ui' }, custom])
  })

  it('leaves out nulls, which clients refuse', async () => {
    const run = await play([
      { type: 'RUN_STARTED', ...IDS, parentRunId: null, input: null },
      { type: 'TOOL_CALL_START', toolCallId: 'c', toolCallName: 'n', parentMessageId: null },
      { type: 'TOOL_CALL_END', toolCallId: 'c', timestamp: null },
      {
        type: 'MESSAGES_SNAPSHOT',
        messages: [{ id: 'm', role: 'assistant', content: 'Hi', name: null, toolCalls: null }],
      },
      { type: 'RUN_FINISHED', ...IDS, result: null, outcome: null },
    ])
    expect(run.events[1]).toEqual({ type: 'TOOL_CALL_START', toolCallId: 'c', toolCallName: 'n' })
    expect(run.events[3]).toMatchObject({ messages: [{ id: 'm', role: 'assistant', content: 'Hi' }] })
    expect(run.terminal).not.toHaveProperty('outcome')
  })

  it.each([
    [{ type: 'cancelled' }, undefined],
    [{ type: 'success', pendingToolCallIds: ['c'] }, { type: 'success' }],
  ])('tells outcomes that older clients refuse in their words: %j', async (outcome, told) => {
    const run = await play([{ type: 'RUN_FINISHED', ...IDS, outcome, result: { n: 1 } }])
    expect(run.terminal).toMatchObject({ type: 'RUN_FINISHED', result: { n: 1 } })
    expect(run.terminal.outcome).toEqual(told)
  })

  it('hands on interrupts, after the snapshots that AG-UI wants', async () => {
    const interrupts = [
      { id: 'i', reason: 'approval', message: 'May I?', metadata: { a: 1 }, toolCallId: null },
    ]
    const run = await play([
      ...spoken(['May I?'], 'm'),
      { type: 'RUN_FINISHED', ...IDS, outcome: { type: 'interrupt', interrupts } },
    ])
    expect(run.interrupts).toEqual([{ id: 'i', reason: 'approval', message: 'May I?', metadata: { a: 1 } }])
    expect(typesOf(run.events).slice(-3)).toEqual(['STATE_SNAPSHOT', 'MESSAGES_SNAPSHOT', 'RUN_FINISHED'])
  })

  it.each([
    ['a field missing', [{ type: 'TEXT_MESSAGE_CONTENT', messageId: 'm' }], 'TEXT_MESSAGE_CONTENT'],
    ['no type', [{ kind: 'TEXT' }], 'no AG-UI event'],
    ['an event out of order', [{ type: 'TEXT_MESSAGE_CONTENT', messageId: 'm', delta: 'x' }], 'out of order'],
    ['an end with a message open', [{ type: 'TEXT_MESSAGE_START', messageId: 'm' }], 'still active'],
    ['an interrupt without an id', [finish({ type: 'interrupt', interrupts: [{}] })], 'outcome'],
  ])('says what is wrong with the endpoint’s events: %s', async (_, events, told) => {
    const run = await play(runOf(IDS, events))
    expect(run.terminal).toMatchObject({ type: 'RUN_ERROR', code: 'PLATFORM_ANSWER_INVALID' })
    expect(run.terminal.message).toContain(told)
  })

  it('ends with the endpoint’s own error, whose code is a text', async () => {
    const run = await play([{ type: 'RUN_ERROR', message: 'No more quota', code: 429 }])
    expect(run.terminal).toMatchObject({ type: 'RUN_ERROR', message: 'No more quota', code: '429' })
    const plain = await play([{ type: 'RUN_ERROR', message: 'Broken', code: null }])
    expect(plain.terminal).toMatchObject({ code: 'AGENT_FAILED' })
  })

  it('says so where the endpoint is silent, or answers JSON', async () => {
    const fake = await useFake(({ path }, answer) =>
      path === '/json' ? answer.json({ answer: 42 }) : answer.sse([], { open: true }),
    )
    const agent = (path: string) => new AgUiAgent({ url: fake.url + path, headers: {}, timeout: 0.2 })
    const silent = await testAgent(agent('/'))
    expect(silent.terminal).toMatchObject({ code: 'PLATFORM_TIMEOUT' })
    const json = await testAgent(agent('/json'))
    expect(json.terminal).toMatchObject({ code: 'PLATFORM_ANSWER_INVALID' })
    expect(json.terminal.message).toContain('{"answer":42}')
  })
})

function finish(outcome: object) {
  return { type: 'RUN_FINISHED', ...IDS, outcome }
}

describe('its headers', () => {
  it('are the configuration’s, and those that a worker passes on; the configuration’s win', async () => {
    const { fake, agent: original } = await useEndpoint(runOf(IDS, []), {
      headers: { Authorization: 'Bearer configured', 'X-Tenant': 'a' },
    })
    const input = {
      threadId: 't',
      runId: 'r',
      messages: [],
      tools: [],
      context: [],
      forwardedProps: {},
      state: {},
    }
    const headers = { authorization: 'Bearer of-a-person', 'x-request-id': '7' }
    const agent = await agentFor({ threadId: 't', agentId: 'a', input, headers }, { a: original })
    await testAgent(agent)
    expect(fake.requests[0]?.headers).toMatchObject({
      authorization: 'Bearer configured',
      'x-tenant': 'a',
      'x-request-id': '7',
    })
    await testAgent(original)
    expect(fake.requests[1]?.headers).not.toHaveProperty('x-request-id')
  })

  it('are taken out of messages, whole and in parts', async () => {
    const { agent } = await useEndpoint([
      { type: 'RUN_ERROR', message: 'No user for sesame-open-0815 and passed-on-4711' },
    ])
    agent.headers = { Cookie: 'session=sesame-open-0815; a=b', Authorization: 'Bearer passed-on-4711' }
    expect((await testAgent(agent)).terminal.message).toBe('No user for … and …')
  })

  it('are not in the address, or at least not told from there', async () => {
    expect(() => agUiSettings.parse({ url: 'http://user:password@127.0.0.1/' })).toThrow('header')
    const settings = agUiSettings.parse({ url: 'http://127.0.0.1:1/agent?key=sesame-open-0815' })
    const run = await testAgent(new AgUiAgent(settings))
    const result = await check(settings, AbortSignal.timeout(5_000))
    expect(result).toMatchObject({ ok: false, problem: expect.stringContaining('127.0.0.1:1/agent?key=…') })
    expect(JSON.stringify([run.events, result])).not.toContain('sesame')
  })

  it.each([{ 'a b': 'c' }, { a: 'b\nc' }])('are refused where they cannot be sent: %j', (headers) => {
    expect(() => agUiSettings.parse({ url: 'http://127.0.0.1', headers })).toThrow()
  })
})
