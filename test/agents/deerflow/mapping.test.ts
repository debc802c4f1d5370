import type { Message } from '@ag-ui/client'
import { describe, expect, it } from 'vitest'
import { Mapping } from '../../../src/agents/deerflow/mapping.ts'
import { RunEvents } from '../../../src/agents/run-events.ts'
import type { AnyEvent } from '../../../src/run/event.ts'
import { ai, callChunk, map, result, type Told, USER, whole } from './mapped.ts'

describe('states of DeerFlow', () => {
  it('are the client’s state without the messages, told when they change', async () => {
    const { events, state } = await map(
      [
        ['values', { messages: [], title: 'One' }],
        ['values', { messages: [whole('x')], title: 'One' }],
        ['values', { title: 'Two', artifacts: ['/a'] }],
      ],
      { state: { theme: 'dark', title: 'None' } },
    )
    expect(events.filter(({ type }) => type === 'STATE_SNAPSHOT').map(({ snapshot }) => snapshot)).toEqual([
      { theme: 'dark', title: 'One' },
      { theme: 'dark', title: 'Two', artifacts: ['/a'] },
    ])
    expect(state).toMatchObject({ title: 'Two' })
  })

  it('bring the messages that were not told', async () => {
    const human = { type: 'human', id: 'u~earlier-run__user', content: 'Hello' }
    const additional_kwargs = { hide_from_ui: true }
    const hidden = { type: 'human', id: 's', content: 'Today is Friday', additional_kwargs }
    const others = { type: 'human', id: 'elsewhere__user', content: 'Asked elsewhere' }
    const { messages, types } = await map([
      ai('Told'),
      [
        'values',
        { messages: [hidden, others, human, whole('Told'), { type: 'ai', id: 'b', content: 'Untold' }] },
      ],
    ])
    expect(types.at(-1)).toBe('MESSAGES_SNAPSHOT')
    expect(messages).toEqual([
      USER,
      { id: 'a', role: 'assistant', content: 'Told' },
      { id: 'elsewhere', role: 'user', content: 'Asked elsewhere' },
      { id: 'b', role: 'assistant', content: 'Untold' },
    ])
  })

  it('are in DeerFlow’s order for a client that begins with them', async () => {
    const { events } = await map([
      [
        'values',
        {
          messages: [
            { type: 'human', id: 'first', content: '1' },
            { type: 'human', id: 'u', content: '2' },
          ],
        },
      ],
    ])
    const { messages } = events.at(-1) as AnyEvent & { messages: Message[] }
    expect(messages.map(({ id }) => id)).toEqual(['first', 'u'])
  })

  it('keep what DeerFlow sums up, and drop an answer that its model began and gave up', async () => {
    const first = { type: 'ai', id: 'first', content: 'First' }
    const { messages } = await map([
      ['messages', [{ ...first, type: 'AIMessageChunk' }, {}]],
      ['values', { messages: [first] }],
      ['messages', [{ type: 'AIMessageChunk', id: 'lost', content: 'Lo' }, {}]],
      ai('Last'),
      [
        'values',
        { messages: [{ type: 'human', id: 's', name: 'summary', content: 'So far: …' }, whole('Last')] },
      ],
    ])
    expect(messages.slice(1)).toMatchObject([{ content: 'First' }, { content: 'Last' }])
  })

  it('leave the client’s activities and reasoning where they are', async () => {
    const before: Message[] = [
      USER,
      { id: 'act', role: 'activity', activityType: 'x', content: { a: 1 } },
      { id: 'why', role: 'reasoning', content: 'Because' },
    ]
    const { messages, events } = await map(
      [
        ['custom', { type: 'task_started', task_id: 'c' }],
        ['values', { messages: [{ type: 'ai', id: 'b', content: 'Untold' }] }],
      ],
      { messages: before },
    )
    const untold = { id: 'b', role: 'assistant', content: 'Untold' }
    expect(messages).toMatchObject([...before, { activityType: 'deerflow.task' }, untold])
    expect(events.at(-1)).toEqual({ type: 'MESSAGES_SNAPSHOT', messages: [USER, untold] })
  })

  it('are left out where a log could not hold them, and the client is told', async () => {
    const { events, types } = await map([['values', { files: 'x'.repeat(400_000) }]])
    expect(types).toEqual(['CUSTOM'])
    expect(events[0]).toMatchObject({ name: 'notice', value: { code: 'SNAPSHOT_TOO_LARGE' } })
  })
})

describe('other frames of DeerFlow', () => {
  it('tell a subagent’s task as an activity, whose content is the latest', async () => {
    const task = (type: string, more: object): Told => ['custom', { type, task_id: 'c', ...more }]
    const { messages, types } = await map([
      ai('', callChunk(0, '{}', 'c', 'task')),
      task('task_started', { description: 'Look it up', model_name: 'gpt-4' }),
      task('task_running', {
        message: { type: 'ai', content: 'Looking', tool_calls: [{ id: 's', name: 'web_search', args: {} }] },
        message_index: 1,
        total_messages: 1,
        usage: { total_tokens: 3 },
      }),
      task('task_completed', { result: 'x'.repeat(9_000), usage: { total_tokens: 9 } }),
      result('c', 'Found'),
    ])
    expect(types.filter((type) => type === 'ACTIVITY_SNAPSHOT')).toHaveLength(3)
    const activity = messages.find(({ role }) => role === 'activity')
    expect(activity).toMatchObject({
      activityType: 'deerflow.task',
      content: {
        task_id: 'c',
        description: 'Look it up',
        message: 'Looking',
        tools: ['web_search'],
        status: 'completed',
        usage: { total_tokens: 9 },
      },
    })
    expect(JSON.stringify(activity).length).toBeLessThan(5_000)
  })

  it('are custom events by their type, from subgraphs too; their words and states are not the run’s', async () => {
    const emitted: AnyEvent[] = []
    const events = new RunEvents((event) => void emitted.push(event as never))
    const mapping = new Mapping(events, { messages: [], state: {} })
    const namespace = ['tools:1']
    const retry = { type: 'llm_retry', attempt: 1 }
    mapping.take({ mode: 'custom', namespace, data: retry })
    mapping.take({ mode: 'custom', namespace: [], data: 'plain' })
    mapping.take({ mode: 'messages', namespace, data: ai('Inner')[1] })
    mapping.take({ mode: 'values', namespace, data: { title: 'Inner' } })
    mapping.take({ mode: 'updates', namespace: [], data: {} })
    expect(emitted).toEqual([
      { type: 'CUSTOM', name: 'deerflow.llm_retry', value: retry },
      { type: 'CUSTOM', name: 'deerflow.custom', value: 'plain' },
    ])
  })

  it('end the run where they are errors', async () => {
    const error = map([['error', { name: 'GraphRecursionError', message: 'Limit of 25 reached' }]])
    await expect(error).rejects.toMatchObject({ code: 'GraphRecursionError', message: 'Limit of 25 reached' })
    await expect(map([['error', 'Broken']])).rejects.toMatchObject({
      code: 'AGENT_FAILED',
      message: '"Broken"',
    })
  })

  it('have an apology in the place of an answer: that is a failure', async () => {
    const { mapping, types } = await map([
      ai('The account is out of quota.', {
        additional_kwargs: {
          deerflow_error_fallback: true,
          error_type: 'RateLimitError',
          error_detail: 'quota 0',
        },
      }),
    ])
    expect(types).toEqual([])
    expect(mapping.stream.failure).toMatchObject({
      code: 'RateLimitError',
      message: 'DeerFlow: The account is out of quota. (quota 0)',
    })
  })
})
