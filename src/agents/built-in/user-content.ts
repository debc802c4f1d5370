import type { Message } from '@ag-ui/client'
import type { FilePart, TextPart } from 'ai'
import { type Attachment, inputOf } from '../user-input.ts'
import type { BuiltInSettings } from './settings.ts'

type Modality = BuiltInSettings['modalities'][number]

/** What a person said, with the files of the kinds that the model is given; others are named. */
export const userContent = (
  message: Message,
  modalities: readonly Modality[],
): string | (TextPart | FilePart)[] => {
  const { text, attachments } = inputOf(message)
  if (attachments.length === 0) return text
  return [
    ...(text === '' ? [] : [{ type: 'text' as const, text }]),
    ...attachments.map((attachment) =>
      modalities.includes(attachment.kind) ? filePart(attachment) : namedPart(attachment),
    ),
  ]
}

const ANY: Record<Modality, string> = {
  image: 'image/*',
  audio: 'audio/mpeg',
  video: 'video/mp4',
  document: 'application/octet-stream',
}

const filePart = (attachment: Attachment): TextPart | FilePart => {
  const { kind, mimeType, filename, source } = attachment
  const data = dataOf(source)
  if (data === undefined) return namedPart(attachment)
  const mediaType = mimeType ?? data.mediaType ?? ANY[kind]
  return { type: 'file', data: data.data, mediaType, ...(filename !== undefined && { filename }) }
}

/** Addresses are passed on as such; a data: address holds the bytes itself. */
const dataOf = (source: Attachment['source']): { data: string | URL; mediaType?: string } | undefined => {
  const [, mediaType, base64] =
    ('base64' in source ? source.base64 : source.url).match(/^data:([^;,]*)(?:;[^,]*)?;base64,(.*)$/s) ?? []
  if (base64 !== undefined) return { data: base64, ...(mediaType && { mediaType }) }
  if ('base64' in source) return { data: source.base64 }
  if (!URL.canParse(source.url)) return undefined
  const url = new URL(source.url)
  return /^https?:$/.test(url.protocol) ? { data: url } : undefined
}

const namedPart = ({ kind, filename, mimeType }: Attachment): TextPart => ({
  type: 'text',
  text: `[${kind} ${filename ?? 'without a name'}${mimeType === undefined ? '' : `, ${mimeType}`}: you are not given it.]`,
})
