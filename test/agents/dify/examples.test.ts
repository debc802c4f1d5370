import { describe, expect, it } from 'vitest'
import { framesOf } from './fixture.ts'
import { custom, mapped } from './mapped.ts'

describe('the examples in Dify’s documentation', () => {
  it('chat: text and usage', async () => {
    const { text, types, events } = await mapped(framesOf('chat'))
    expect(text).toBe(' I')
    expect(types.at(-2)).toBe('CUSTOM usage')
    expect(custom({ events }, 'usage')).toEqual([{ totalTokens: 10 }])
  })

  it('agent: a thought, a tool call, a file, the answer', async () => {
    const run = await mapped(framesOf('agent'))
    expect(run.reasoning).toBe('Thinking about calling a tool...')
    expect(run.events).toContainEqual(
      expect.objectContaining({ type: 'TOOL_CALL_START', toolCallName: 'dalle3' }),
    )
    expect(run.events).toContainEqual(
      expect.objectContaining({ type: 'TOOL_CALL_ARGS', delta: '{"prompt":"a cute cat"}' }),
    )
    expect(custom(run, 'dify.message_file')).toEqual([
      { id: 'file_id_1', type: 'image', belongs_to: 'assistant', url: 'https://example.com/cat.png' },
    ])
    expect(run.text).toBe('Here is the image: ')
  })

  it('chatflow: a step, reasoning, text, and both ends', async () => {
    const run = await mapped(framesOf('chatflow'))
    expect(run.types).toContain('STEP_STARTED')
    expect(run.events.find(({ type }) => type === 'STEP_STARTED')).toMatchObject({ stepName: 'LLM#ne_001' })
    expect(run.events.find(({ type }) => type === 'STEP_FINISHED')).toMatchObject({ stepName: 'LLM#ne_001' })
    expect(run.reasoning).not.toBe('')
    expect(run.text).not.toBe('')
    expect(custom(run, 'usage')).toHaveLength(1)
    expect(run.mapping.outputs).toBeUndefined()
  })

  it('workflow: steps, reasoning, text, and the rest of the output', async () => {
    const run = await mapped(framesOf('workflow'), { isWorkflow: true, outputKey: 'result' })
    expect(run.reasoning).toBe('Let me translate that.')
    expect(run.text).toBe('Bonjour le monde')
    expect(run.mapping.outputs).toEqual({ result: 'Bonjour le monde' })
    expect(custom(run, 'usage')).toEqual([{ totalTokens: 150 }])
  })

  it('completion: text and usage', async () => {
    const run = await mapped(framesOf('completion'))
    expect(run.text).toBe(" I'm")
    expect(custom(run, 'usage')).toEqual([{ inputTokens: 1033, outputTokens: 135, totalTokens: 1168 }])
  })

  it('a pause: an interrupt with the form', async () => {
    const { mapping } = await mapped(framesOf('workflow-paused'), { isWorkflow: true })
    expect(mapping.asked).toEqual([
      {
        form: {
          form_token: 'tok_abc123',
          workflow_run_id: 'fb47b2e6-5e43-4f90-be01-d5c5a088d156',
          node_id: 'approval_node',
          node_title: 'Approval',
          actions: [{ id: 'approve', title: 'Approve' }],
        },
        interrupt: {
          id: 'a1b2c3d4-e5f6-7890-abcd-ef1234567890',
          reason: 'input_required',
          message: 'Please review the draft.',
          expiresAt: '2024-01-17T12:20:29.000Z',
          responseSchema: {
            type: 'object',
            properties: {
              action: { enum: ['approve'] },
              inputs: { type: 'object', properties: { comment: { type: 'string' } } },
            },
            required: ['action'],
          },
          metadata: expect.objectContaining({ platform: 'dify', node_id: 'approval_node' }),
        },
      },
    ])
    expect(JSON.stringify(mapping.asked.map(({ interrupt }) => interrupt))).not.toContain('tok_abc123')
  })

  it.each([
    ['workflow-resumed', true, 'Bonjour'],
    ['chatflow-resumed', false, 'Approved'],
  ] as const)('a workflow that goes on: %s', async (name, isWorkflow, text) => {
    const run = await mapped(framesOf(name), { isWorkflow, isResumed: true, outputKey: 'result' })
    expect(run.text).toBe(text)
    expect(custom(run, 'dify.human_input_form_filled')).toEqual([
      expect.objectContaining({ action_id: 'approve', submitted_data: { comment: 'Looks good.' } }),
    ])
  })
})
