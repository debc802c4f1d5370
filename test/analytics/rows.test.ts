import { describe, expect, it } from 'vitest'
import { messageRows } from '../../src/analytics/message-rows.ts'
import { rowsOfRun } from '../../src/analytics/run-rows.ts'
import { tokenUsage } from '../../src/analytics/token-usage.ts'
import { toolCallRows } from '../../src/analytics/tool-call-rows.ts'
import type { RunFact } from '../../src/fan-in/run-fact.ts'
import type { AnyEvent } from '../../src/run/event.ts'

const START = Date.UTC(2026, 10, 1, 23, 59, 59)

/** A run whose events are a second apart, the first one with its claim. */
const runOf = (events: readonly AnyEvent[], more: Partial<RunFact> = {}): RunFact => ({
  version: 1,
  id: 'c/ended',
  fact: 'finished',
  threadId: 't',
  runId: 'r',
  commandId: 'c',
  agentId: 'a',
  workerId: 'w',
  startedAt: START,
  time: START + events.length * 1_000,
  part: 0,
  parts: 1,
  events: events.map((event, at) => ({
    seq: at + 1,
    count: 1,
    type: event.type,
    time: START + at * 1_000,
    until: START + at * 1_000 + 500,
    event,
  })),
  ...more,
})

const message = (fact: RunFact) =>
  messageRows(fact).map(({ message_id: id, role, content }) => [id, role, content])

describe('messages', () => {
  it('are those of the input and those that the events tell, chunks too', () => {
    const input = {
      messages: [
        { id: 'u', role: 'user', content: [{ type: 'text', text: 'Hi' }] },
        { id: 'n', role: 'assistant' },
        { role: 'user', content: 'without an id' },
      ],
    }
    const fact = runOf([
      { type: 'RUN_STARTED', input },
      { type: 'TEXT_MESSAGE_CHUNK', messageId: 'm', role: 'assistant', delta: 'a' },
      { type: 'TEXT_MESSAGE_CHUNK', delta: 'b' },
      { type: 'REASONING_MESSAGE_START', messageId: 'g' },
      { type: 'REASONING_MESSAGE_CONTENT', messageId: 'g', delta: 'hm' },
      { type: 'REASONING_MESSAGE_END', messageId: 'g' },
      { type: 'MESSAGES_SNAPSHOT', messages: [{ id: 'old', role: 'user', content: 'before' }] },
    ])
    expect(message(fact)).toEqual([
      ['u', 'user', '[{"type":"text","text":"Hi"}]'],
      ['n', 'assistant', ''],
      ['m', 'assistant', 'ab'],
      ['g', 'reasoning', 'hm'],
    ])
    expect(messageRows(fact)[3]).toMatchObject({ started: START + 3_000, ended: START + 5_500, chars: 2 })
  })

  it('that begin again take the place of the first', () => {
    const say = (delta: string) => [
      { type: 'TEXT_MESSAGE_START', messageId: 'm', role: 'assistant' },
      { type: 'TEXT_MESSAGE_CONTENT', messageId: 'm', delta },
    ]
    expect(message(runOf([...say('lost'), ...say('kept')]))).toEqual([['m', 'assistant', 'kept']])
  })
})

describe('tool calls', () => {
  const call = (id: string, ...rest: AnyEvent[]) => [
    { type: 'TOOL_CALL_START', toolCallId: id, toolCallName: 'look' },
    { type: 'TOOL_CALL_ARGS', toolCallId: id, delta: '{"a":' },
    { type: 'TOOL_CALL_ARGS', toolCallId: id, delta: '1}' },
    { type: 'TOOL_CALL_END', toolCallId: id },
    ...rest,
  ]
  const result = (content: unknown, more: object = {}) =>
    runOf(call('x', { type: 'TOOL_CALL_RESULT', toolCallId: 'x', messageId: 'm', content, ...more }))

  it('have arguments, and a latency from their end to the result', () => {
    expect(toolCallRows(result('42'))).toEqual([
      {
        thread_id: 't',
        run_id: 'r',
        agent_id: 'a',
        tool_call_id: 'x',
        name: 'look',
        args: '{"a":1}',
        started: START,
        ended: START + 3_500,
        latency_ms: 500,
        result: '42',
        failed: false,
      },
    ])
  })

  it('without a result say nothing of it, and a result of another run’s call makes none', () => {
    const stray = { type: 'TOOL_CALL_RESULT', toolCallId: 'other', content: '1' }
    expect(toolCallRows(runOf(call('x', stray)))).toMatchObject([
      { latency_ms: null, result: null, failed: null },
    ])
  })

  it('may come in chunks', () => {
    const fact = runOf([
      { type: 'TOOL_CALL_CHUNK', toolCallId: 'x', toolCallName: 'look', delta: '{' },
      { type: 'TOOL_CALL_CHUNK', delta: '}' },
    ])
    expect(toolCallRows(fact)).toMatchObject([{ name: 'look', args: '{}' }])
  })

  it.each([
    ['{"isError":true}', {}, true],
    ['{"is_error":true}', {}, true],
    ['{"error":{"code":1}}', {}, true],
    ['{"error":null,"rows":[]}', {}, false],
    ['{"error":""}', {}, false],
    ['{"success":false}', {}, true],
    ['{"ok":false}', {}, true],
    ['{"status":"failed"}', {}, true],
    ['{"status":200}', {}, false],
    ['Error: no such file', {}, true],
    ['error', {}, true],
    ['Errors are rare', {}, false],
    ['{not JSON', {}, false],
    ['all right', { error: 'refused' }, true],
  ])('failed when the result says so: %s %j', (content, more, failed) => {
    expect(toolCallRows(result(content, more))[0]?.failed).toBe(failed)
  })
})

describe('tokens', () => {
  const finished = (more: object) => [{ type: 'RUN_STARTED' }, { type: 'RUN_FINISHED', ...more }]
  const usage = (...events: AnyEvent[]) => Object.values(tokenUsage(runOf(events).events))

  it.each([
    [
      'usage of AG-UI, of two models',
      finished({
        usage: [
          { inputTokens: 5, outputTokens: 2 },
          { inputTokens: 1, outputTokens: 1, totalTokens: 9 },
        ],
      }),
      [6, 3, 16],
    ],
    ['usage of a failed run', [{ type: 'RUN_ERROR', usage: [{ inputTokens: 5 }] }], [5, null, 5]],
    [
      'result.usage',
      finished({ result: { usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 } } }),
      [7, 3, 10],
    ],
    [
      'CUSTOM events, added up',
      [
        { type: 'CUSTOM', name: 'usage', value: { input_tokens: 1, output_tokens: 2 } },
        { type: 'CUSTOM', name: 'usage', value: [{ promptTokens: 3, completionTokens: 4 }] },
        { type: 'CUSTOM', name: 'other', value: { input_tokens: 100 } },
        ...finished({}),
      ],
      [4, 6, 10],
    ],
    [
      'what is no usage',
      finished({ usage: 'much', result: { usage: { inputTokens: 'many' } } }),
      [null, null, null],
    ],
  ])('are taken from %s', (_name, events, tokens) => {
    expect(usage(...events)).toEqual(tokens)
  })
})

describe('a run', () => {
  it('is of the day on which it began, and its first token the first delta of any kind', () => {
    const fact = runOf([
      { type: 'RUN_STARTED' },
      { type: 'TOOL_CALL_START', toolCallId: 'x' },
      { type: 'TOOL_CALL_ARGS', toolCallId: 'x', delta: '{}' },
      { type: 'TEXT_MESSAGE_CONTENT', messageId: 'm', delta: 'a' },
      { type: 'RUN_FINISHED' },
    ])
    const { day, run } = rowsOfRun(fact, START - 70)
    expect(day).toBe(Date.UTC(2026, 10, 1) / 86_400_000)
    expect(run).toMatchObject({ first_token_ms: 2_000, duration_ms: 5_000, accepted_at: START - 70 })
  })

  it('that was rejected has no start', () => {
    const fact = runOf([], {
      fact: 'rejected',
      startedAt: undefined,
      code: 'THREAD_BUSY',
      time: START + 2_000,
    })
    const { day, run } = rowsOfRun(fact, undefined)
    expect(day).toBe(Date.UTC(2026, 10, 2) / 86_400_000)
    expect(run).toMatchObject({
      status: 'rejected',
      code: 'THREAD_BUSY',
      started_at: null,
      duration_ms: null,
      events: 0,
    })
  })
})
