import { AgentError } from '../agent-error.ts'
import type { PlatformClient } from '../platform-client.ts'
import type { Attachment } from '../user-input.ts'

/** A file as Dify's requests have it. */
export type DifyFile = { type: Attachment['kind'] } & (
  | { transfer_method: 'remote_url'; url: string }
  | { transfer_method: 'local_file'; upload_file_id: string }
)

interface UploadContext {
  client: PlatformClient
  /** The one of the run: a file belongs to it. */
  user: string
  signal: AbortSignal
}

/**
 * Files by address are left to Dify to fetch; the others are uploaded.
 * @throws AgentError with Dify's code, such as file_too_large
 */
export const filesOf = (attachments: readonly Attachment[], context: UploadContext): Promise<DifyFile[]> =>
  Promise.all(attachments.map((attachment) => fileOf(attachment, context)))

const fileOf = async (attachment: Attachment, context: UploadContext): Promise<DifyFile> => {
  const { kind: type, source } = attachment
  if ('url' in source && !source.url.startsWith('data:'))
    return { type, transfer_method: 'remote_url', url: source.url }
  return { type, transfer_method: 'local_file', upload_file_id: await upload(attachment, context) }
}

const upload = async (attachment: Attachment, { client, user, signal }: UploadContext): Promise<string> => {
  const { bytes, mimeType } = contentOf(attachment)
  const body = new FormData()
  body.set('user', user)
  body.set('file', new Blob([bytes], { type: mimeType }), nameOf(attachment, mimeType))
  const { id } = await client.json<{ id?: string }>('/files/upload', { body, signal })
  if (id !== undefined) return id
  throw new AgentError('PLATFORM_ANSWER_INVALID', 'Dify took a file, but gave no id for it.')
}

const contentOf = ({ source, mimeType }: Attachment): { bytes: Buffer<ArrayBuffer>; mimeType: string } => {
  // Without a type of its own a file is refused: unsupported_file_type.
  const fallback = mimeType ?? 'application/octet-stream'
  if ('base64' in source) return { bytes: Buffer.from(source.base64, 'base64'), mimeType: fallback }
  const [head = '', data = ''] = source.url.slice('data:'.length).split(',', 2)
  const [told] = head.split(';')
  const bytes = head.endsWith(';base64') ? Buffer.from(data, 'base64') : Buffer.from(decodeURIComponent(data))
  return { bytes, mimeType: mimeType ?? (told || fallback) }
}

/** Dify refuses a name with a slash, and tells a file's type by its name's end. */
const nameOf = ({ filename, kind }: Attachment, mimeType: string): string => {
  if (filename) return filename.replace(/[/\\]/g, '_')
  const ending = mimeType.split('/')[1]?.split(/[+;]/)[0]
  return `${kind}.${ENDINGS[ending ?? ''] ?? ending ?? 'bin'}`
}

const ENDINGS: Record<string, string> = {
  plain: 'txt',
  markdown: 'md',
  mpeg: 'mp3',
  jpeg: 'jpg',
  'octet-stream': 'bin',
  'vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'vnd.openxmlformats-officedocument.presentationml.presentation': 'pptx',
}
