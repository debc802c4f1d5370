import type { Message, RunAgentInput } from '@ag-ui/client'

/** A file or image of a message: by address, or with its bytes. */
export interface Attachment {
  kind: 'image' | 'audio' | 'video' | 'document'
  mimeType?: string
  filename?: string
  source: { url: string } | { base64: string }
}

/** What a person said: the text, and what was attached. */
export interface UserInput {
  text: string
  attachments: Attachment[]
}

/** The parts of a user message's content, in the forms of AG-UI 0.0.59 and 1.x. */
interface Part {
  type: string
  text?: string
  mimeType?: string
  filename?: string
  id?: string
  url?: string
  data?: string
  source?: { type: string; value: string; mimeType?: string }
  metadata?: { filename?: string } | null
}

export const inputOf = (message: Message): UserInput => {
  const { content } = message as { content?: string | Part[] }
  if (typeof content === 'string') return { text: content, attachments: [] }
  const parts = content ?? []
  return {
    text: parts.flatMap(({ type, text }) => (type === 'text' && text ? [text] : [])).join('\n'),
    attachments: parts.flatMap(attachmentOf),
  }
}

const attachmentOf = (part: Part): Attachment[] => {
  const { url, data, filename, metadata } = part
  const mimeType = part.source?.mimeType ?? part.mimeType
  const kind = kindOf(part.type, mimeType)
  if (kind === undefined) return []
  const value = part.source?.value ?? data ?? url
  if (value === undefined) return []
  const isUrl = part.source === undefined ? data === undefined : part.source.type === 'url'
  const name = filename ?? metadata?.filename
  return [
    {
      kind,
      source: isUrl ? { url: value } : { base64: value },
      ...(mimeType !== undefined && { mimeType }),
      ...(name !== undefined && { filename: name }),
    },
  ]
}

const kindOf = (type: string, mimeType = ''): Attachment['kind'] | undefined => {
  if (type === 'image' || type === 'audio' || type === 'video' || type === 'document') return type
  if (type !== 'binary') return undefined
  const [family] = mimeType.split('/')
  return family === 'image' || family === 'audio' || family === 'video' ? family : 'document'
}

/** The last thing that a person said; platforms that remember get no more. Undefined where there is none. */
export const lastUserMessage = ({ messages }: Pick<RunAgentInput, 'messages'>): Message | undefined =>
  messages.findLast(({ role }) => role === 'user')

/** What of a message is text. */
export const textOf = (message: Message): string => {
  const { content } = message as { content?: unknown }
  if (typeof content === 'string') return content
  return Array.isArray(content) ? inputOf(message).text : ''
}
