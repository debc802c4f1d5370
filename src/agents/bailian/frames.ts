import { z } from 'zod'

const text = z.string().nullish()
const anything = z.unknown().optional()

const thought = z.object({
  thought: text,
  /** reasoning, response (the answer once more), or what kind of tool: api, agentRag, mcp, … */
  action_type: text,
  action_name: text,
  action: text,
  /** Of a tool: JSON, as a text or as it is. */
  arguments: anything,
  action_input: anything,
  action_input_stream: anything,
  observation: anything,
  /** Of a reasoning thought the same as `thought`; of a workflow in full_thoughts mode its node, as JSON. */
  response: text,
})

const workflowMessage = z.object({
  node_id: text,
  node_name: text,
  /** Start, LLM, End, … */
  node_type: text,
  node_status: text,
  node_is_completed: z.union([z.boolean(), z.string()]).nullish(),
  message: z.object({ content: anything }).nullish(),
})

const modelUsage = z.object({
  model_id: text,
  input_tokens: z.number().nullish(),
  output_tokens: z.number().nullish(),
})

/** The data of one frame of a completion; also what an error says. Fields that are not read are left out. */
export const completionFrame = z.object({
  output: z
    .object({
      text,
      /** "null" until the last frame. */
      finish_reason: text,
      session_id: text,
      reject_status: z.boolean().nullish(),
      thoughts: z.array(thought).nullish(),
      doc_references: z.array(z.unknown()).nullish(),
      workflow_message: workflowMessage.nullish(),
    })
    .nullish(),
  /** Of the run so far. */
  usage: z.object({ models: z.array(modelUsage).nullish() }).nullish(),
  code: z.union([z.string(), z.number()]).nullish(),
  message: text,
  request_id: text,
})

export type CompletionFrame = z.output<typeof completionFrame>
export type Thought = z.output<typeof thought>
export type WorkflowMessage = z.output<typeof workflowMessage>
export type ModelUsage = z.output<typeof modelUsage>

/** A text as it is, anything else as JSON; nothing for what is not there. */
export const asText = (value: unknown): string => {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** An object that is written as JSON; undefined for any other text. */
export const jsonObject = (value: string): Record<string, unknown> | undefined => {
  if (!value.trimStart().startsWith('{')) return undefined
  try {
    return JSON.parse(value) as Record<string, unknown>
  } catch {
    // A text that happens to begin like one, or a piece of one.
    return undefined
  }
}

/** Whether it is a whole piece of JSON, so that nothing more of it can come. */
export const isWholeJson = (value: string): boolean => {
  if (!/^\s*[[{]/.test(value)) return false
  try {
    JSON.parse(value)
    return true
  } catch {
    // A piece, or no JSON.
    return false
  }
}
