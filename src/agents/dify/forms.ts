import { randomUUID } from 'node:crypto'
import type { ResumeEntry } from '@ag-ui/client'
import { z } from 'zod'
import type { Interrupt } from '../../run/interrupts.ts'
import { AgentError } from '../agent-error.ts'
import type { DifyFrame } from './frame.ts'

/** What has to be kept of a paused workflow's form to answer it, on any worker. */
export const formSchema = z.object({
  /** Null where Dify delivers the form by e-mail or in its console: it is answered there. */
  form_token: z.string().nullable(),
  workflow_run_id: z.string(),
  node_id: z.string(),
  node_title: z.string(),
  actions: z.array(z.object({ id: z.string(), title: z.string() })),
})

export type Form = z.output<typeof formSchema>

/** A form, with what a person is to be shown of it. */
export interface AskedForm {
  form: Form
  interrupt: Interrupt
}

/** Of `human_input_required`. */
export const formIn = ({ data, workflow_run_id }: DifyFrame): AskedForm => {
  const asked = data ?? {}
  const actions = (asked.actions ?? []).map(({ id, title }) => ({ id, title: title || id }))
  const form: Form = {
    form_token: asked.form_token ?? null,
    workflow_run_id: workflow_run_id ?? '',
    node_id: asked.node_id ?? '',
    node_title: asked.node_title ?? '',
    actions,
  }
  const interrupt: Interrupt = {
    ...interruptOf(asked.form_id || randomUUID(), form, asked.form_content),
    metadata: {
      platform: 'dify',
      node_id: form.node_id,
      node_title: form.node_title,
      inputs: asked.inputs ?? [],
      actions: asked.actions ?? [],
      resolved_default_values: asked.resolved_default_values ?? {},
    },
  }
  if (form.form_token !== null) interrupt.responseSchema = responseSchema(actions, asked.inputs)
  if (asked.expiration_time) interrupt.expiresAt = new Date(asked.expiration_time * 1000).toISOString()
  return { form, interrupt }
}

/** The workflow waits for something that it gave no form for. */
export const unnamedForm = (workflowRunId: string): AskedForm => {
  const form = {
    form_token: null,
    workflow_run_id: workflowRunId,
    node_id: '',
    node_title: '',
    actions: [],
  }
  return { form, interrupt: interruptOf(workflowRunId || randomUUID(), form) }
}

/** The same once more, since it is still open. */
export const interruptOf = (id: string, form: Form, content?: string | null): Interrupt => ({
  id,
  reason: 'input_required',
  message:
    content || `${form.node_title || 'The workflow'} waits${form.form_token === null ? ELSEWHERE : '.'}`,
})

const ELSEWHERE = ' for an answer that is given at Dify, or by e-mail; resume when it was given.'

/** What a person answers; an action alone is enough where the form has no fields. */
export interface FormAnswer {
  action: string
  inputs: Record<string, unknown>
}

/**
 * The answer in a resume entry: `{action, inputs}`, or an action's id alone; where the form has one action, it need
 * not be named.
 * @throws AgentError INPUT_INVALID
 */
export const answerIn = ({ interruptId, payload }: ResumeEntry, form: Form): FormAnswer => {
  const { action, inputs = {} } = (
    typeof payload === 'string' ? { action: payload } : (payload ?? {})
  ) as Partial<FormAnswer>
  const only = form.actions.length === 1 ? form.actions[0]?.id : undefined
  const chosen = action ?? only
  const known = form.actions.find(({ id, title }) => id === chosen || title === chosen)
  if (known !== undefined && typeof inputs === 'object' && inputs !== null)
    return { action: known.id, inputs }
  throw new AgentError(
    'INPUT_INVALID',
    `The answer to "${form.node_title || interruptId}" must be {"action": …, "inputs": {…}}, and the action one of ` +
      `${form.actions.map(({ id }) => JSON.stringify(id)).join(', ')}; it was ${JSON.stringify(action)}.`,
  )
}

interface FormField {
  type?: string
  output_variable_name?: string
  option_source?: { type?: string; value?: unknown }
}

const responseSchema = (actions: Form['actions'], inputs: unknown): Record<string, unknown> => ({
  type: 'object',
  properties: {
    action: { enum: actions.map(({ id }) => id) },
    inputs: { type: 'object', properties: Object.fromEntries(fieldsOf(inputs).map(schemaOf)) },
  },
  required: ['action'],
})

const fieldsOf = (inputs: unknown): FormField[] =>
  Array.isArray(inputs) ? inputs.filter((field) => typeof field?.output_variable_name === 'string') : []

const schemaOf = ({ type, output_variable_name, option_source }: FormField): [string, object] => {
  const name = output_variable_name ?? ''
  if (type === 'file') return [name, { type: 'object' }]
  if (type === 'file-list') return [name, { type: 'array', items: { type: 'object' } }]
  const options = option_source?.type === 'constant' ? option_source.value : undefined
  return [name, { type: 'string', ...(Array.isArray(options) && { enum: options }) }]
}
