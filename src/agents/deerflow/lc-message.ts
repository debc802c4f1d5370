import { z } from 'zod'

/** A piece of a call's arguments; the first one of a call has its id and name. */
const toolCallChunk = z.object({
  index: z.union([z.number(), z.string()]).nullish(),
  id: z.string().nullish(),
  name: z.string().nullish(),
  args: z.string().nullish(),
})

const toolCall = z.object({ id: z.string().nullish(), name: z.string(), args: z.unknown().optional() })

const usageMetadata = z.object({
  input_tokens: z.number().optional(),
  output_tokens: z.number().optional(),
  total_tokens: z.number().optional(),
})

/** A message as LangChain writes it, as far as anything is made of it here. */
const schema = z.object({
  type: z.string(),
  id: z.string().nullish(),
  name: z.string().nullish(),
  content: z.unknown().optional(),
  tool_calls: z.array(toolCall).nullish().catch(undefined),
  tool_call_chunks: z.array(toolCallChunk).nullish().catch(undefined),
  tool_call_id: z.string().nullish(),
  additional_kwargs: z.record(z.string(), z.unknown()).nullish().catch(undefined),
  response_metadata: z.record(z.string(), z.unknown()).nullish().catch(undefined),
  usage_metadata: usageMetadata.nullish().catch(undefined),
  artifact: z.unknown().optional(),
})

export type LcMessage = z.infer<typeof schema> & { role: LcRole; isChunk: boolean }
export type LcRole = 'ai' | 'tool' | 'human' | 'other'

/** Undefined where it is no message. */
export const lcMessageIn = (data: unknown): LcMessage | undefined => {
  const plain = plainOf(data)
  const { data: message } = schema.safeParse(plain)
  if (message === undefined) return undefined
  return { ...message, role: ROLES[message.type] ?? 'other', isChunk: message.type.endsWith('Chunk') }
}

/** LangChain's other form: {type: "constructor", id: [… its class], kwargs}. And a role in the place of a type. */
const plainOf = (data: unknown): unknown => {
  const { type, id, kwargs, role } = (data ?? {}) as Record<string, unknown>
  if (type === 'constructor' && Array.isArray(id)) return { ...(kwargs as object), type: String(id.at(-1)) }
  return type === undefined && role !== undefined ? { ...(data as object), type: role } : data
}

const ROLES: Readonly<Record<string, LcRole>> = {
  ai: 'ai',
  AIMessage: 'ai',
  AIMessageChunk: 'ai',
  assistant: 'ai',
  tool: 'tool',
  ToolMessage: 'tool',
  ToolMessageChunk: 'tool',
  human: 'human',
  HumanMessage: 'human',
  user: 'human',
}

/** What a message says, and what its model thought. Content is a text, or a list of parts in many forms. */
export const saidIn = ({ content, additional_kwargs }: LcMessage): { text: string; reasoning: string } => {
  const parts = typeof content === 'string' ? [content] : Array.isArray(content) ? content : []
  const thought = additional_kwargs?.reasoning_content
  return {
    text: parts.map(textOfPart).join(''),
    reasoning: (typeof thought === 'string' ? thought : '') + parts.map(reasoningOfPart).join(''),
  }
}

interface Part {
  type?: unknown
  text?: unknown
  thinking?: unknown
  reasoning?: unknown
  summary?: unknown
}

const textOfPart = (part: unknown): string => {
  if (typeof part === 'string') return part
  const { type, text } = (part ?? {}) as Part
  return (type === 'text' || type === 'output_text') && typeof text === 'string' ? text : ''
}

const reasoningOfPart = (part: unknown): string => {
  const { type, text, thinking, reasoning, summary } = (part ?? {}) as Part
  if (type === 'thinking' && typeof thinking === 'string') return thinking
  if (type !== 'reasoning') return ''
  if (typeof reasoning === 'string') return reasoning
  if (typeof text === 'string') return text
  return Array.isArray(summary)
    ? summary.map((one: Part) => (typeof one?.text === 'string' ? one.text : '')).join('')
    : ''
}

/** What a tool gave, as text. */
export const resultIn = (message: LcMessage): string => {
  const { text } = saidIn(message)
  if (text !== '' || message.content === undefined || message.content === null) return text
  return typeof message.content === 'string' ? '' : JSON.stringify(message.content)
}
