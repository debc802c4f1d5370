import { sleep } from '../../../src/sleep.ts'
import { ANSWER, type FakePlatform, type Script } from '../suite/agent-case.ts'
import type { Answer, FakeRequest, Handler } from '../suite/fake-server.ts'

export const KEY = 'pat_FaKeSecretOfCoze0123456789'
export const BOT = '7348293334459318001'

interface Refusal {
  code: number
  msg: string
  status?: number
}

/**
 * A fake of Coze's API, written from its documentation: pages "Chat" (chat_v3), "Submit tool outputs", "Cancel chat",
 * "Upload files", "Get bot configuration", "Error codes"; `GET /v1/users/me` from Coze's own SDKs. As Coze, it tells
 * of errors under HTTP 200, goes on with a chat whose client has gone away, takes one chat at a time in a
 * conversation (4016), and looks for the bot before it looks at the key.
 */
export class FakeCoze implements FakePlatform {
  conversations: (string | null)[] = []
  stopped: string[] = []
  /** Streams for the next chats and submissions, before those of the script. */
  streams: string[][] = []
  /** Errors for the next chats and submissions. */
  refusals: Refusal[] = []
  /** The chat that runs, by conversation. */
  readonly running = new Map<string, string>()
  /** What a key without the permission getMetadata gets. */
  mayRead = true
  readonly #known = new Set<string>()
  #script: Script = 'answer'
  #count = 0
  #limited = false

  play(script: Script): void {
    this.#script = script
    this.#limited = false
  }

  /** Of a stream with ids of its own. */
  know(conversation: string): void {
    this.#known.add(conversation)
  }

  /** Forgets all conversations. */
  forget(): void {
    this.#known.clear()
    this.running.clear()
  }

  readonly handler: Handler = async (request, answer) => {
    const { path } = request
    if (path === '/v3/chat') return await this.#chat(request, answer)
    if (path === '/v3/chat/submit_tool_outputs') return await this.#submit(request, answer)
    if (path === '/v3/chat/cancel') return await this.#cancel(request, answer)
    if (!path.startsWith('/v1/')) return answer.text('404 page not found', 404)
    if (path.startsWith('/v1/bots/') && path !== `/v1/bots/${BOT}`)
      return refuse(answer, { code: 4200, msg: `Requested resource bot_id=${path.slice(9)} does not exist.` })
    if (!hasKey(request)) return refuse(answer, WRONG_KEY)
    if (path === '/v1/users/me') return ok(answer, { user_id: '1', user_name: 'RyanLove' })
    if (path === '/v1/files/upload') return ok(answer, { id: this.#id('file'), bytes: 3, file_name: 'x' })
    if (!this.mayRead) return refuse(answer, NOT_PERMITTED)
    return ok(answer, { bot_id: BOT, name: 'Moon bot', version: '1' })
  }

  async #chat(request: FakeRequest, answer: Answer): Promise<void> {
    if (await this.#refuses(request, answer)) return
    const asked = request.query.get('conversation_id')
    if (asked !== null && !this.#known.has(asked))
      return refuse(answer, { code: 4002, msg: `invalid conversation ${asked}` })
    if (asked !== null && this.running.has(asked))
      return refuse(answer, { code: 4016, msg: 'Conversation occupied: Another chat is currently active.' })
    this.conversations.push(asked)
    const conversation_id = asked ?? this.#id('conversation')
    await this.#stream(conversation_id, this.#id('chat'), answer)
  }

  async #submit(request: FakeRequest, answer: Answer): Promise<void> {
    if (await this.#refuses(request, answer)) return
    const conversation = request.query.get('conversation_id') ?? ''
    if (!this.#known.has(conversation)) return refuse(answer, { code: 4001, msg: 'Invalid chat' })
    await this.#stream(conversation, request.query.get('chat_id') ?? '', answer)
  }

  async #stream(conversation_id: string, id: string, answer: Answer): Promise<void> {
    this.#known.add(conversation_id)
    this.running.set(conversation_id, id)
    const given = this.streams.shift()
    if (given === undefined) await this.#playScript({ conversation_id, id }, answer)
    else
      await answer.sse(
        given.map((frame) => frame.replaceAll('CONVERSATION', conversation_id).replaceAll('CHAT', id)),
      )
    // A chat that its client has left goes on.
    if (answer.raw.writableFinished || answer.raw.writableEnded) this.running.delete(conversation_id)
  }

  async #playScript(ids: Ids, answer: Answer): Promise<void> {
    const script = this.#script
    const [begin, pieces, end] = [begun(ids), said(ids), completed(ids)]
    if (script === 'cut') {
      await answer.sse([...begin, ...pieces.slice(0, 2)], { open: true })
      return await answer.cut('event:conversation.message.delta\ndata:{"id":"1","ty')
    }
    if (script === 'slow' || script === 'late-stop') {
      await answer.sse(begin, { open: true })
      return await answer.sse(
        Array.from({ length: 400 }, () => piece(ids, 'moon ')),
        { pauseMs: 50 },
      )
    }
    const last = script === 'repeated-answer' ? [whole(ids), whole(ids)] : [whole(ids)]
    const all: Partial<Record<Script, string[]>> = {
      pings: [...begin, ...pieces].flatMap((frame) => [': ping', frame]).concat(last, end),
      'stream-error': [
        ...begin,
        ...pieces.slice(0, 2),
        frame('error', { code: 5000, msg: 'event interval error' }),
      ],
      malformed: [...begin, 'event:conversation.message.delta\ndata:{"id":"1","type":"answer","con'],
      'no-terminal': [...begin, ...pieces],
    }
    await answer.sse(all[script] ?? [...begin, ...pieces, ...last, ...end])
  }

  #id(of: string): string {
    this.#count += 1
    return `${of}-${this.#count}`
  }

  async #cancel({ body }: FakeRequest, answer: Answer): Promise<void> {
    const { chat_id, conversation_id } = body
    if (this.running.get(conversation_id) !== chat_id)
      return refuse(answer, { code: 4104, msg: 'The current chat does not support cancellation' })
    this.stopped.push(chat_id)
    this.running.delete(conversation_id)
    if (this.#script === 'late-stop') await sleep(3_000)
    ok(answer, { id: chat_id, conversation_id, status: 'canceled' })
  }

  async #refuses(request: FakeRequest, answer: Answer): Promise<boolean> {
    const refusal = this.#refusal(request)
    if (refusal === undefined) return false
    refuse(answer, refusal)
    return true
  }

  #refusal(request: FakeRequest): Refusal | undefined {
    const script = this.#script
    if (script === 'unauthorized') return { code: 4100, msg: `authentication is invalid: ${KEY}` }
    if (!hasKey(request)) return WRONG_KEY
    if (script === 'server-error')
      return { code: 5000, msg: 'We are experiencing server issues.', status: 500 }
    if (script === 'rate-limited' || (script === 'rate-limited-once' && !this.#limited)) {
      this.#limited = true
      return { code: 4020, msg: 'Too many requests per minute.', status: 429 }
    }
    return this.refusals.shift()
  }
}

const WRONG_KEY = {
  code: 4101,
  msg: 'The token you entered is incorrect. Please double-check and try again.',
}
const NOT_PERMITTED = { code: 4101, msg: 'Your token does not have permission to access resource.' }

const hasKey = ({ headers }: FakeRequest): boolean => headers.authorization === `Bearer ${KEY}`

const refuse = (answer: Answer, { code, msg, status }: Refusal): void =>
  answer.json({ code, msg, detail: { logid: '20241210191248C8EF' } }, status, { 'retry-after': '0' })

const ok = (answer: Answer, data: object): void => answer.json({ code: 0, msg: '', data })

interface Ids {
  conversation_id: string
  id: string
}

/** For `streams`: these texts become the ids of the chat that is played. */
export const IDS: Ids = { conversation_id: 'CONVERSATION', id: 'CHAT' }

export const frame = (event: string, data: object): string => `event:${event}\ndata:${JSON.stringify(data)}`

export const begun = (ids: Ids): string[] =>
  ['created', 'in_progress'].map((status) =>
    frame(`conversation.chat.${status}`, { ...ids, bot_id: BOT, status, last_error: { code: 0, msg: '' } }),
  )

export const message = (ids: Ids, type: string, content: string, more: object = {}): string =>
  frame('conversation.message.completed', { ...messageOf(ids), type, content, ...more })

export const piece = (ids: Ids, content: string, more: object = {}): string =>
  frame('conversation.message.delta', { ...messageOf(ids), type: 'answer', content, ...more })

const messageOf = ({ conversation_id, id }: Ids) => ({
  id: `message-of-${id}`,
  conversation_id,
  chat_id: id,
  bot_id: BOT,
  role: 'assistant',
  content_type: 'text',
})

const said = (ids: Ids): string[] => (ANSWER.match(/\S+\s*/g) ?? []).map((word) => piece(ids, word))

const whole = (ids: Ids): string => message(ids, 'answer', ANSWER)

export const completed = (ids: Ids): string[] => [
  message(ids, 'verbose', '{"msg_type":"generate_answer_finish","data":""}'),
  frame('conversation.chat.completed', {
    ...ids,
    status: 'completed',
    usage: { token_count: 633, output_count: 19, input_count: 614 },
  }),
  'event:done\ndata:"[DONE]"',
]

/** A chat that waits for these: tools by name and arguments, or a question. */
export const required = (
  ids: Ids,
  calls: { id: string; type: string; function: object | null }[],
): string[] => [
  frame('conversation.chat.requires_action', {
    ...ids,
    status: 'requires_action',
    usage: { token_count: 0, output_count: 0, input_count: 0 },
    required_action: { type: 'submit_tool_outputs', submit_tool_outputs: { tool_calls: calls } },
  }),
  'event:done\ndata:"[DONE]"',
]
