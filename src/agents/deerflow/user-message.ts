import type { Message } from '@ag-ui/client'
import { type Attachment, inputOf, textOf } from '../user-input.ts'
import type { UploadedFile } from './api.ts'
import { sentId } from './transcript.ts'

/** A message as it goes to DeerFlow. */
export interface EnteredMessage {
  type: 'human' | 'ai'
  id?: string
  content: string | object[]
  additional_kwargs?: Record<string, unknown>
}

/** Gives a file to DeerFlow. */
export type Upload = (file: Blob, filename: string) => Promise<UploadedFile>

/** As many messages of the history go to a new thread. */
const HISTORY_MESSAGES_MAX = 100

/** What a person said, with images in the message and other files uploaded. @throws AgentError of the upload */
export const userMessage = async (
  message: Message,
  runId: string,
  upload: Upload,
): Promise<EnteredMessage> => {
  const { text, attachments } = inputOf(message)
  const parts: object[] = []
  const files: UploadedFile[] = []
  const addresses: string[] = []
  for (const attachment of attachments) {
    const bytes = bytesOf(attachment)
    if (attachment.kind === 'image') parts.push(imagePart(attachment))
    else if (bytes === undefined) addresses.push(addressOf(attachment))
    else files.push(await upload(bytes, attachment.filename ?? nameFor(attachment)))
  }
  const said = [text, ...addresses].filter((one) => one !== '').join('\n')
  return {
    type: 'human',
    id: sentId(message.id, runId),
    content: parts.length === 0 ? said : [...(said === '' ? [] : [{ type: 'text', text: said }]), ...parts],
    ...(files.length > 0 && { additional_kwargs: { files } }),
  }
}

/** What was said before, as text: DeerFlow would not know the tools and files of another thread. */
export const historyOf = (messages: readonly Message[], runId: string): EnteredMessage[] =>
  messages
    .flatMap((message): EnteredMessage[] => {
      const content = textOf(message)
      if (content === '') return []
      if (message.role === 'user') return [{ type: 'human', id: sentId(message.id, runId), content }]
      return message.role === 'assistant' ? [{ type: 'ai', id: message.id, content }] : []
    })
    .slice(-HISTORY_MESSAGES_MAX)

const DATA_URL = /^data:([^;,]+)?(?:;[^;,]+)*;base64,(.*)$/s

/** Undefined where only its address is known: nothing is fetched that a client names. */
const bytesOf = ({ source, mimeType }: Attachment): Blob | undefined => {
  if ('base64' in source) return new Blob([Buffer.from(source.base64, 'base64')], { type: mimeType ?? '' })
  const inline = DATA_URL.exec(source.url)
  if (inline === null) return undefined
  return new Blob([Buffer.from(inline[2] ?? '', 'base64')], { type: inline[1] ?? mimeType ?? '' })
}

const imagePart = ({ source, mimeType = 'image/png' }: Attachment): object => ({
  type: 'image_url',
  image_url: { url: 'url' in source ? source.url : `data:${mimeType};base64,${source.base64}` },
})

const addressOf = ({ filename, kind, source }: Attachment): string =>
  `[${filename ?? kind}](${'url' in source ? source.url : ''})`

const nameFor = ({ kind, mimeType = '' }: Attachment): string => {
  const end = mimeType.split('/')[1] ?? ''
  return /^[a-z0-9]{1,5}$/.test(end) ? `${kind}.${end}` : kind
}
