import { describe, expect, it } from 'vitest'
import type { DifyFrame } from '../../../src/agents/dify/frame.ts'
import { documentedErrors, framesOf } from './fixture.ts'
import { custom } from './mapped.ts'
import { codeOf, useDify } from './use-dify.ts'

describe('a workflow that waits for a person', () => {
  const RUN = 'fb47b2e6-5e43-4f90-be01-d5c5a088d156'
  const FORM = 'a1b2c3d4-e5f6-7890-abcd-ef1234567890'
  const useForm = async (frames: DifyFrame[] = framesOf('workflow-paused'), api_type = 'workflow') => {
    const used = await useDify({ api_type, workflow_output_key: 'result', user: 'ada' })
    used.dify.forms.set('tok_abc123', { submitted: [] })
    used.dify.streams = [frames]
    used.dify.resumed = [framesOf('workflow-resumed')]
    const paused = await used.ask()
    const resume = (entry: object = {}) =>
      used.ask({
        input: { runId: 'r2', resume: [{ interruptId: FORM, status: 'resolved', ...entry }] as never },
      })
    const submitted = () => used.dify.forms.get('tok_abc123')?.submitted
    return { ...used, paused, resume, submitted }
  }
  const payload = { action: 'approve', inputs: { comment: 'Looks good.' } }

  it('ends with an interrupt, and the token is in the memory alone', async () => {
    const { paused } = await useForm()
    expect(paused.interrupts).toEqual([expect.objectContaining({ id: FORM, reason: 'input_required' })])
    expect(JSON.stringify(paused.events)).not.toContain('tok_abc123')
    expect(paused.memory?.forms).toEqual({ [FORM]: expect.objectContaining({ form_token: 'tok_abc123' }) })
    expect(paused.events.slice(-3).map(({ type }) => type)).toEqual([
      'STATE_SNAPSHOT',
      'MESSAGES_SNAPSHOT',
      'RUN_FINISHED',
    ])
  })

  it('goes on with the answer, on any worker', async () => {
    const { resume, submitted, requests, memory } = await useForm()
    const run = await resume({ payload })
    expect(submitted()).toEqual([{ ...payload, user: 'ada' }])
    expect(run.text).toBe('Bonjour')
    expect(run.terminal).toMatchObject({ type: 'RUN_FINISHED', result: { result: 'Bonjour' } })
    const [events] = requests(`/workflow/${RUN}/events`)
    expect(Object.fromEntries(events?.query ?? [])).toEqual({ user: 'ada', continue_on_pause: 'true' })
    expect(memory.value).toEqual({})
  })

  it.each([
    ['approve', {}],
    ['Approve', {}],
    [undefined, {}],
    [{ action: 'Approve', inputs: { comment: 'x' } }, { comment: 'x' }],
  ])('takes an answer that is short: %j', async (short, inputs) => {
    const { resume, submitted } = await useForm()
    await resume({ payload: short })
    expect(submitted()).toEqual([{ action: 'approve', inputs, user: 'ada' }])
  })

  it('sends no answer that the form cannot take, and may be asked again', async () => {
    const { resume, submitted } = await useForm()
    const refused = await resume({ payload: { action: 'burn' } })
    expect(codeOf(refused)).toBe('INPUT_INVALID')
    expect(refused.terminal.message).toContain('"approve"')
    expect(submitted()).toEqual([])
    expect((await resume({ payload })).text).toBe('Bonjour')
  })

  it.each(documentedErrors().filter(({ path, status }) => path.startsWith('/form') && status !== 412))(
    'fails with Dify’s code, and may be answered again: $code',
    async ({ status, code, message }) => {
      const { resume, dify } = await useForm()
      dify.refusals = [{ path: '/form/human_input/tok_abc123', status, code, message }]
      expect(codeOf(await resume({ payload }))).toBe(code)
      expect((await resume({ payload })).text).toBe('Bonjour')
    },
  )

  it.each(documentedErrors().filter(({ status }) => status === 412))(
    'goes on without the answer, where it came too late: $code',
    async ({ status, code, message }) => {
      const { resume, dify } = await useForm()
      dify.refusals = [{ path: '/form/human_input/tok_abc123', status, code, message }]
      const run = await resume({ payload })
      expect(custom(run, 'notice')).toEqual([{ code, message: expect.stringContaining(message) }])
      expect(run.text).toBe('Bonjour')
    },
  )

  it('tells nothing twice, where Dify sends all from the beginning once more', async () => {
    const { resume, dify } = await useForm()
    const before = [
      { event: 'text_chunk', data: { text: 'told before' } },
      ...framesOf('workflow-paused').slice(1),
    ]
    dify.resumed = [[framesOf('workflow-paused')[0]!, ...before, ...framesOf('workflow-resumed')]]
    const run = await resume({ payload })
    expect(run.text).toBe('Bonjour')
    expect(run.interrupts).toEqual([])
  })

  it('may wait again', async () => {
    const { resume, dify, memory } = await useForm()
    const [, asks, pauses] = framesOf('workflow-paused') as [never, DifyFrame, DifyFrame]
    const second = { ...asks, data: { ...asks.data, form_id: 'second', form_token: 'tok_2' } }
    dify.resumed = [[framesOf('workflow-resumed')[0]!, second, pauses]]
    const run = await resume({ payload })
    expect(run.interrupts.map(({ id }) => id)).toEqual(['second'])
    expect(Object.keys(memory.value?.forms as object)).toEqual(['second'])
  })

  it('in a chatflow goes on in its conversation', async () => {
    const ids = { conversation_id: 'c', message_id: 'm' }
    const frames = framesOf('workflow-paused').map((frame) => ({ ...frame, ...ids }))
    const { resume, dify, memory } = await useForm(frames, 'chatflow')
    dify.resumed = [framesOf('chatflow-resumed')]
    expect(memory.value?.conversation_id).toBe('c')
    const run = await resume({ payload })
    expect(run.text).toBe('Approved')
    expect(run.terminal).toMatchObject({ type: 'RUN_FINISHED' })
    expect(memory.value?.conversation_id).toBe('9d3a2f1b-6c7d-4e8f-a0b1-c2d3e4f5a6b7')
  })

  it('that is cancelled ends, with a notice', async () => {
    const { resume, submitted, memory } = await useForm()
    const run = await resume({ status: 'cancelled' })
    expect(custom(run, 'notice')).toEqual([{ code: 'FORM_CANCELLED', message: expect.any(String) }])
    expect(run.terminal).toMatchObject({ type: 'RUN_FINISHED' })
    expect([submitted(), memory.value]).toEqual([[], {}])
  })

  it('does not know another interrupt', async () => {
    const { resume } = await useForm()
    const run = await resume({ interruptId: 'toString' })
    expect([codeOf(run), String(run.terminal.message)]).toEqual([
      'INPUT_INVALID',
      expect.stringContaining('toString'),
    ])
  })

  it('by e-mail is followed when the answer was given there', async () => {
    const [first, asks, pauses] = framesOf('workflow-paused') as [DifyFrame, DifyFrame, DifyFrame]
    const byMail = { ...asks, data: { ...asks.data, form_token: null } }
    const { paused, resume, dify } = await useForm([first, byMail, pauses])
    expect(paused.interrupts[0]?.responseSchema).toBeUndefined()
    dify.status = 'paused'
    expect((await resume()).interrupts).toMatchObject([
      { id: FORM, message: expect.stringContaining('Approval waits') },
    ])
    dify.status = 'running'
    expect((await resume()).text).toBe('Bonjour')
  })
})
