import { AgentError } from '../agent-error.ts'
import { PlatformClient, type PlatformRequest } from '../platform-client.ts'
import type { Attachment } from '../user-input.ts'
import { fixFor, hasNothingToCancel } from './codes.ts'
import { type CozeFrame, type Fields, fieldsOf, textIn } from './frame.ts'
import type { CozeSettings } from './settings.ts'

/** A chat is one answer of the bot within a conversation. */
export interface ChatIds {
  conversation_id: string
  chat_id: string
}

export interface ToolOutput {
  tool_call_id: string
  output: string
}

/** Coze's API. Its errors come under HTTP 200 as often as not: {code, msg}, with a code that is not 0. */
export class CozeApi {
  readonly #client: PlatformClient
  readonly #base: string

  constructor({ api_key, api_base, timeout }: CozeSettings) {
    this.#base = api_base.replace(/\/+$/, '')
    this.#client = new PlatformClient({
      platform: 'Coze',
      baseUrl: this.#base,
      headers: { authorization: `Bearer ${api_key}` },
      timeoutMs: timeout * 1000,
      errorOf: (body) => {
        const { code, message } = refusalIn(body)
        return code === undefined ? { message } : { code, message: `${message} ${fixFor(code)}`.trim() }
      },
    })
  }

  /** A new chat, in a conversation that Coze makes where none is named. @throws AgentError */
  chat(body: Fields, conversationId: string | undefined, signal: AbortSignal): AsyncGenerator<CozeFrame> {
    const query =
      conversationId === undefined ? '' : `?${new URLSearchParams({ conversation_id: conversationId })}`
    return this.#frames(`/v3/chat${query}`, { body: { ...body, stream: true }, signal })
  }

  /** The same chat goes on with what its tools gave. @throws AgentError */
  submit(ids: ChatIds, tool_outputs: ToolOutput[], signal: AbortSignal): AsyncGenerator<CozeFrame> {
    const body = { tool_outputs, stream: true, auto_save_history: true }
    return this.#frames(`/v3/chat/submit_tool_outputs?${new URLSearchParams({ ...ids })}`, { body, signal })
  }

  /** Ends a chat, not the stream of it. One that has ended already is none the worse. @throws AgentError */
  async cancel(ids: ChatIds, signal: AbortSignal): Promise<void> {
    await this.#json('/v3/chat/cancel', { body: ids, signal }).catch((error) => {
      if (!(error instanceof AgentError && hasNothingToCancel(error.code))) throw error
    })
  }

  /** The file's id, good for three months. @throws AgentError */
  async upload({ source, mimeType, filename, kind }: Attachment, signal: AbortSignal): Promise<string> {
    const bytes = Buffer.from('base64' in source ? source.base64 : '', 'base64')
    const form = new FormData()
    form.append('file', new Blob([bytes], { type: mimeType }), filename ?? nameFor(kind, mimeType))
    const id = textIn(fieldsOf((await this.#json('/v1/files/upload', { body: form, signal })).data), 'id')
    if (id === undefined)
      throw new AgentError('PLATFORM_ANSWER_INVALID', 'Coze took a file, but gave no id for it.')
    return id
  }

  /** The bot as it is published. Costs no tokens. @throws AgentError */
  async bot(botId: string, signal: AbortSignal): Promise<Fields> {
    return fieldsOf(
      (await this.#json(`/v1/bots/${encodeURIComponent(botId)}`, { method: 'GET', signal })).data,
    )
  }

  /** Whose key it is. Costs no tokens. @throws AgentError */
  async user(signal: AbortSignal): Promise<Fields> {
    return fieldsOf((await this.#json('/v1/users/me', { method: 'GET', signal })).data)
  }

  async #json(path: string, request: PlatformRequest): Promise<Fields> {
    const body = await this.#client.json<unknown>(path, request)
    if (refusalIn(body).code !== undefined) throw this.#refusal(body)
    return fieldsOf(body)
  }

  async *#frames(path: string, request: PlatformRequest): AsyncGenerator<CozeFrame> {
    for await (const frame of this.#client.frames(path, request, (body) => this.#refusal(body))) {
      // Its data is [DONE], with or without quotes, or an object: nothing that anyone needs.
      if (frame.event === 'done') return
      yield { event: frame.event ?? '', data: fieldsOf(this.#client.parse(frame)) }
    }
  }

  #refusal(body: unknown): AgentError {
    const { code, message } = refusalIn(body)
    if (code === undefined)
      return new AgentError(
        'PLATFORM_ANSWER_INVALID',
        `What answers at ${this.#base} gave JSON where Coze gives a stream: ${JSON.stringify(body).slice(0, 200)}`,
      )
    return cozeError(code, message, this.#base)
  }
}

/** An error in Coze's own words, with what to do. */
export const cozeError = (code: string, message: string, at: string): AgentError =>
  new AgentError(code, `Coze (${at}) answered ${code}: ${message} ${fixFor(code)}`.trim())

/** Code and message of an answer; no code where it tells of no error. The log id is what Coze's support asks for. */
const refusalIn = (body: unknown): { code?: string; message: string } => {
  const fields = fieldsOf(body)
  const code =
    fields.code === undefined || fields.code === 0 || fields.code === '0' ? undefined : String(fields.code)
  const message = textIn(fields, 'msg') ?? JSON.stringify(body).slice(0, 200)
  const logId = textIn(fieldsOf(fields.detail), 'logid')
  return { code, message: logId === undefined ? message : `${message} (log id ${logId})` }
}

/** Coze tells a file's type by the end of its name. */
const nameFor = (kind: string, mimeType = ''): string => {
  const [, subtype = ''] = mimeType.split('/')
  const end = ENDS[mimeType] ?? (/^[a-z0-9]{2,4}$/.test(subtype) ? subtype : 'bin')
  return `${kind}.${end}`
}

const ENDS: Readonly<Record<string, string>> = {
  'image/jpeg': 'jpg',
  'text/plain': 'txt',
  'audio/mpeg': 'mp3',
  'audio/x-wav': 'wav',
  'video/quicktime': 'mov',
  'application/msword': 'doc',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': 'pptx',
}
