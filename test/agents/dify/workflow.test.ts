import { describe, expect, it } from 'vitest'
import type { DifyFrame } from '../../../src/agents/dify/frame.ts'
import { END, said } from './frames.ts'
import { custom, mapped } from './mapped.ts'

describe('a workflow', () => {
  const node = (event: string, id: string, rest: object = {}): DifyFrame => ({
    event,
    data: { id, node_id: `n${id}`, title: 'LLM', ...rest },
  })
  const finished = (data: DifyFrame['data']): DifyFrame => ({ event: 'workflow_finished', data })
  const ok = (outputs: Record<string, unknown>) => finished({ status: 'succeeded', outputs })

  it('has a step for each node, iteration and loop, whatever their titles and order', async () => {
    const { events } = await mapped(
      [
        { event: 'workflow_started' },
        node('iteration_started', '1'),
        node('iteration_next', '1', { index: 0 }),
        node('node_started', '2'),
        node('node_started', '2'),
        node('node_retry', '2', { retry_index: 1, error: 'slow' }),
        node('loop_started', '3'),
        node('node_finished', '2', { status: 'exception', error: 'gone' }),
        node('node_finished', 'never started'),
        node('loop_next', '3', { index: 1 }),
        node('loop_completed', '3'),
        node('iteration_completed', '1'),
        node('node_started', 'left open'),
        ok({}),
      ],
      { isWorkflow: true },
    )
    expect(
      events.map(({ type, stepName, name, value }) => [type, stepName ?? name, value].filter((one) => one)),
    ).toEqual([
      ['STEP_STARTED', 'LLM#1'],
      ['CUSTOM', 'dify.iteration_next', { id: '1', node_id: 'n1', title: 'LLM', index: 0 }],
      ['STEP_STARTED', 'LLM#2'],
      ['CUSTOM', 'dify.node_retry', { id: '2', node_id: 'n2', title: 'LLM', retry_index: 1, error: 'slow' }],
      ['STEP_STARTED', 'LLM#3'],
      [
        'CUSTOM',
        'dify.node_error',
        { id: '2', node_id: 'n2', title: 'LLM', status: 'exception', error: 'gone' },
      ],
      ['STEP_FINISHED', 'LLM#2'],
      ['CUSTOM', 'dify.loop_next', { id: '3', node_id: 'n3', title: 'LLM', index: 1 }],
      ['STEP_FINISHED', 'LLM#3'],
      ['STEP_FINISHED', 'LLM#1'],
      ['STEP_STARTED', 'LLM#left open'],
      ['STEP_FINISHED', 'LLM#left open'],
    ])
  })

  it.each([
    ['the one with the name', { astrbot_wf_output: 'Yes', other: 1 }, 'Yes'],
    ['JSON where it is no text', { astrbot_wf_output: { a: 1 } }, '{"a":1}'],
    ['the only one', { result: 'Yes' }, 'Yes'],
    ['none where there is none', {}, ''],
  ])('says its output: %s', async (_, outputs, text) => {
    expect((await mapped([ok(outputs)], { isWorkflow: true })).text).toBe(text)
  })

  it('does not say it twice, and names the outputs where it is not clear which it is', async () => {
    const chunk: DifyFrame = { event: 'text_chunk', data: { text: 'Yes' } }
    const outputs = { astrbot_wf_output: 'Yes' }
    expect((await mapped([chunk, ok(outputs)], { isWorkflow: true })).text).toBe('Yes')
    const another = await mapped([chunk, ok({ astrbot_wf_output: 'No' })], { isWorkflow: true })
    expect(another.text).toBe('YesNo')
    expect(another.types.filter((type) => type === 'TEXT_MESSAGE_START')).toHaveLength(2)
    const run = await mapped([ok({ one: 'a', two: 'b' })], { isWorkflow: true })
    expect(custom(run, 'notice')).toEqual([
      { code: 'OUTPUT_MISSING', message: expect.stringContaining('"one", "two"') },
    ])
  })

  it.each([
    ['failed', 'workflow_failed'],
    ['stopped', 'workflow_stopped'],
  ])('that %s is an error: %s', async (status, code) => {
    const after = { event: 'error', code: 'later' }
    const running = mapped([finished({ status, error: 'No model' }), after], { isWorkflow: true })
    await expect(running).rejects.toMatchObject({ code })
  })

  it('that failed in a chatflow has the code of the error that follows, or its own', async () => {
    const failed = [{ event: 'workflow_started' }, finished({ status: 'failed', error: 'No model' })]
    const error = { event: 'error', status: 400, code: 'provider_quota_exceeded', message: 'None left' }
    await expect(mapped([...failed, error])).rejects.toMatchObject({
      code: 'provider_quota_exceeded',
      status: 400,
    })
    await expect(mapped(failed)).rejects.toMatchObject({ code: 'workflow_failed' })
  })

  it('of which a part failed ends well, with a notice', async () => {
    const run = await mapped([finished({ status: 'partial-succeeded', exceptions_count: 2 })], {
      isWorkflow: true,
    })
    expect(custom(run, 'notice')).toEqual([
      { code: 'WORKFLOW_PARTIAL', message: expect.stringContaining('2 of its nodes') },
    ])
  })

  it('ends a chatflow with the message’s end only, in whichever order they come', async () => {
    const started = { event: 'workflow_started' }
    const usage = { prompt_tokens: 2, completion_tokens: 3, total_tokens: 5 }
    const end = { ...END, metadata: { usage } }
    const done = finished({ status: 'succeeded', total_tokens: 5, files: [{ type: 'image' }] })
    const late = said('late')
    for (const ends of [
      [end, done],
      [done, end],
    ]) {
      const run = await mapped([started, ...said('x'), ...ends, ...late])
      expect(run.text).toBe('x')
      expect(custom(run, 'dify.files')).toHaveLength(1)
      expect(custom(run, 'usage')).toEqual([{ inputTokens: 2, outputTokens: 3, totalTokens: 5 }])
    }
    await expect(mapped([started, ...said('x')])).rejects.toMatchObject({ code: 'INCOMPLETE_STREAM' })
  })

  it.each(['running', 'paused'])('has not ended where it is %s', async (status) => {
    const running = mapped([finished({ status })], { isWorkflow: true })
    await expect(running).rejects.toMatchObject({ code: 'INCOMPLETE_STREAM' })
  })

  it('has a reasoning message for each node, and each time that it thinks', async () => {
    const thinks = (reasoning: string, node_id: string, is_final = false): DifyFrame => ({
      event: 'reasoning_chunk',
      data: { reasoning, node_id, is_final },
    })
    const run = await mapped(
      [
        thinks('a', '1'),
        thinks('b', '1', true),
        thinks('c', '1'),
        thinks('d', '2'),
        thinks('', '2', true),
        ok({}),
      ],
      { isWorkflow: true },
    )
    expect(run.reasoning).toBe('abcd')
    expect(run.types.filter((type) => type === 'REASONING_START')).toHaveLength(3)
  })
})

describe('a workflow that is resumed', () => {
  const filled = { event: 'human_input_form_filled', data: { node_id: 'n' } }
  const finished = {
    event: 'workflow_finished',
    data: { status: 'succeeded', outputs: { answer: 'All of it' } },
  }

  it('says what it had said before its stream could be followed, by its output', async () => {
    expect((await mapped([finished], { isResumed: true })).text).toBe('All of it')
    expect((await mapped([filled, ...said('x'), finished], { isResumed: true })).text).toBe('x')
  })

  it('may name the answered form once more, and then ask another', async () => {
    const asks = (form_token: string): DifyFrame => ({
      event: 'human_input_required',
      data: { form_token, form_id: form_token },
    })
    const paused = { event: 'workflow_paused', data: {} }
    const frames = [asks('old'), paused, filled, asks('new'), paused]
    const { mapping } = await mapped(frames, { isResumed: true, answered: ['old'] })
    expect(mapping.asked.map(({ interrupt }) => interrupt.id)).toEqual(['new'])
  })

  it('waits for what has no form, too', async () => {
    const frames = [{ event: 'workflow_paused', workflow_run_id: 'w', data: {} }]
    const { mapping } = await mapped(frames, { isWorkflow: true })
    expect(mapping.asked[0]?.interrupt).toMatchObject({ id: 'w', reason: 'input_required' })
  })
})
