import { z } from 'zod'
import type { Interrupt } from '../../run/interrupts.ts'
import { type LcMessage, resultIn } from './lc-message.ts'
import type { WaitsFor } from './memory.ts'

const option = z.object({ id: z.string(), label: z.string(), value: z.string() })

const field = z.object({
  name: z.string(),
  label: z.string(),
  type: z.string(),
  required: z.boolean().optional(),
  options: z.array(option).optional(),
})

/** `artifact.human_input` of a message of `ask_clarification`; DeerFlow 2.0.0 sends none. */
const request = z.object({
  request_id: z.string(),
  question: z.string(),
  context: z.string().nullish(),
  options: z.array(option).optional(),
  fields: z.array(field).optional(),
})

type Request = z.infer<typeof request>

/** A question that the agent asked. */
export interface Asked {
  toolCallId: string
  messageId: string | undefined
  /** As text, for who has no form for it. */
  content: string
  requestId: string
  request: Request | undefined
}

/** Questions of `ask_clarification`: DeerFlow answers the call with its own question, and ends the run. */
export class Clarifications {
  #asked: Asked[] = []

  get asked(): readonly Asked[] {
    return this.#asked
  }

  /** Whether the message is such a question. */
  take(message: LcMessage, toolCallId: string): boolean {
    if (message.name !== 'ask_clarification') return false
    const { human_input } = (message.artifact ?? {}) as { human_input?: unknown }
    const { data } = request.safeParse(human_input)
    this.#asked.push({
      toolCallId,
      messageId: message.id ?? undefined,
      content: resultIn(message),
      requestId: data?.request_id ?? message.id ?? `clarification:${toolCallId}`,
      request: data,
    })
    return true
  }

  /** Those that were taken so far are none any more. */
  drop(): Asked[] {
    return this.#asked.splice(0)
  }
}

export const interruptOf = ({ toolCallId, content, requestId, request: asked }: Asked): Interrupt => ({
  id: requestId,
  reason: 'input_required',
  message: asked === undefined ? content : [asked.context, asked.question].filter(Boolean).join('\n\n'),
  toolCallId,
  responseSchema: schemaFor(asked),
  ...(asked !== undefined && { metadata: { human_input: asked } }),
})

export const waitOf = ({ toolCallId, requestId, request: asked }: Asked): WaitsFor => ({
  kind: 'clarification',
  request_id: requestId,
  tool_call_id: toolCallId,
  ...(asked?.options !== undefined && { options: asked.options.map(({ id, value }) => ({ id, value })) }),
})

/** JSON Schema for the answer: a text, one of the options or another text, or a form's fields. */
const schemaFor = (asked: Request | undefined): Record<string, unknown> => {
  if (asked?.fields === undefined || asked.fields.length === 0) {
    const values = asked?.options?.map(({ value }) => value) ?? []
    return values.length === 0
      ? { type: 'string' }
      : { anyOf: [{ type: 'string', enum: values }, { type: 'string' }] }
  }
  return {
    type: 'object',
    properties: Object.fromEntries(
      asked.fields.map((one) => [one.name, { title: one.label, ...typeFor(one) }]),
    ),
    required: asked.fields.filter(({ required }) => required).map(({ name }) => name),
  }
}

const typeFor = ({ type, options = [] }: z.infer<typeof field>): Record<string, unknown> => {
  const values = options.map(({ value }) => value)
  if (type === 'number') return { type: 'number' }
  if (type === 'checkbox') return { type: 'boolean' }
  if (type === 'date') return { type: 'string', format: 'date' }
  if (type === 'select') return { type: 'string', enum: values }
  if (type === 'multi_select') return { type: 'array', items: { type: 'string', enum: values } }
  return { type: 'string' }
}
