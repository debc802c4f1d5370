import type { Message } from '@ag-ui/client'
import { AgentError } from '../agent-error.ts'
import { type Attachment, inputOf, textOf } from '../user-input.ts'

/** A message as Coze takes it. */
export interface EnterMessage {
  role: 'user' | 'assistant'
  type: 'question' | 'answer'
  content: string
  content_type: 'text' | 'object_string'
}

/** Gives a file to Coze, for its id. */
export type Upload = (attachment: Attachment) => Promise<string>

/** As many as Coze takes at once. */
const MESSAGES_MAX = 100

/**
 * What Coze is told: all that was said, or the last thing that a person said where Coze has the rest. The last one
 * is the question, so what came after it is left out. Coze has no place for system messages and the like.
 * @throws AgentError INPUT_INVALID where nobody asks anything
 */
export const enterMessages = async (
  messages: readonly Message[],
  extent: 'history' | 'last',
  upload: Upload,
): Promise<EnterMessage[]> => {
  const last = messages.findLastIndex(({ role }) => role === 'user')
  if (last === -1)
    throw new AgentError('INPUT_INVALID', 'Coze needs a message of a user: the input has none.')
  const told = extent === 'last' ? messages.slice(last, last + 1) : messages.slice(0, last + 1).filter(isTold)
  const entered: EnterMessage[] = []
  // One after the other: Coze takes ten uploads a second.
  for (const message of told.slice(-MESSAGES_MAX)) entered.push(await enterMessage(message, upload))
  return entered
}

const isTold = (message: Message): boolean =>
  message.role === 'user' || (message.role === 'assistant' && textOf(message) !== '')

const enterMessage = async (message: Message, upload: Upload): Promise<EnterMessage> => {
  if (message.role !== 'user')
    return { role: 'assistant', type: 'answer', content: textOf(message), content_type: 'text' }
  const { text, attachments } = inputOf(message)
  if (attachments.length === 0) return { role: 'user', type: 'question', content: text, content_type: 'text' }
  const parts: object[] = text === '' ? [] : [{ type: 'text', text }]
  for (const attachment of attachments) parts.push(await partFor(attachment, upload))
  return { role: 'user', type: 'question', content: JSON.stringify(parts), content_type: 'object_string' }
}

const TYPES = { image: 'image', audio: 'audio', video: 'file', document: 'file' } as const

const partFor = async (attachment: Attachment, upload: Upload): Promise<object> => {
  const type = TYPES[attachment.kind]
  const { source } = attachment
  if ('base64' in source) return { type, file_id: await upload(attachment) }
  const inline = DATA_URL.exec(source.url)
  if (inline === null) return { type, file_url: source.url }
  const [, mimeType = attachment.mimeType, base64 = ''] = inline
  return { type, file_id: await upload({ ...attachment, mimeType, source: { base64 } }) }
}

const DATA_URL = /^data:([^;,]+)?(?:;[^;,]+)*;base64,(.*)$/s
