import { sleep } from '../../../src/sleep.ts'
import { ANSWER, type FakePlatform, type Script } from '../suite/agent-case.ts'
import type { Answer, FakeRequest } from '../suite/fake-server.ts'
import { isReply, type Reply, replyFrames } from './fake-reply.ts'

export const KEY = 'sk-fake-4f8a1c7e92b35d60'
export const MODEL = 'fake-model-1'

/** A request of POST /chat/completions, as far as tests look into it. */
export interface ChatRequest {
  model: string
  stream: boolean
  messages: ChatMessage[]
  tools?: { type: string; function: { name: string; description: string; parameters: object } }[]
  [field: string]: unknown
}

export interface ChatMessage {
  role: string
  // biome-ignore lint/suspicious/noExplicitAny: a text, or parts that tests look into
  content: any
  tool_calls?: { id: string; type: string; function: { name: string; arguments: string } }[]
  tool_call_id?: string
  reasoning_content?: string
}

export interface FakeModel extends FakePlatform {
  /** What it answers, one after the other; then ANSWER. */
  reply(...replies: Reply[]): void
  /** What it was asked. */
  readonly asked: ChatRequest[]
}

/**
 * A fake of an OpenAI-compatible chat server: GET /v1/models and a streamed POST /v1/chat/completions, written from
 * OpenAI's API reference ("Chat", "Streaming", "Models") and its guide "Error codes"; reasoning_content as in
 * DeepSeek's guide "Thinking Mode". As OpenAI does, it refuses calls that their results do not follow.
 */
export const fakeModel = (): FakeModel => {
  let script: Script = 'answer'
  let count = 0
  const replies: Reply[] = []
  const asked: ChatRequest[] = []

  const handler = async (request: FakeRequest, answer: Answer): Promise<void> => {
    const { method, path, headers, body } = request
    if (script === 'unauthorized' || headers.authorization !== `Bearer ${KEY}`)
      return unauthorized(request, answer)
    if (method === 'GET' && path === '/v1/models')
      return answer.json({
        object: 'list',
        data: [{ id: MODEL, object: 'model', created: 1, owned_by: 'fake' }],
      })
    if (method !== 'POST' || path !== '/v1/chat/completions')
      return answer.json(wrong(`Invalid URL (${method} ${path})`, null), 404)
    asked.push(structuredClone(body))
    const fault = faultOf(body)
    if (fault !== undefined) return answer.json(fault, fault.error.code === 'model_not_found' ? 404 : 400)
    count += 1
    await (replies.length > 0 ? send(replies.shift() as Reply, answer) : play(script, count, answer))
  }

  return {
    handler,
    play: (next) => {
      script = next
      count = 0
    },
    reply: (...more) => void replies.push(...more),
    asked,
    conversations: [],
    stopped: [],
  }
}

const send = async (reply: Reply, answer: Answer): Promise<void> => {
  await reply.after
  if (isReply(reply)) {
    await answer.sse(replyFrames(reply), { pauseMs: reply.pauseMs ?? 0, open: reply.cut === true })
    if (!reply.cut) return
    // What a client has not read when the connection breaks is lost to it.
    await sleep(30)
    await answer.cut('data: {"id":"chatcm')
    return
  }
  answer.json(reply.body, reply.status, reply.headers)
}

const PIECES = ANSWER.match(/.{1,7}/g) as string[]

const play = async (script: Script, count: number, answer: Answer): Promise<void> => {
  const frames = replyFrames({ text: PIECES })
  const broken = frames.slice(0, 3)
  switch (script) {
    case 'slow':
      return answer.sse(slowly(), { pauseMs: 50 })
    case 'pings':
      return answer.sse(frames.flatMap((frame) => [': ping', frame]))
    case 'cut':
      await answer.sse(broken, { open: true })
      return answer.cut('data: {"id":"chatcmpl-1","choi')
    case 'stream-error':
      return answer.sse([...broken, `data: ${JSON.stringify(SERVER_ERROR)}`])
    case 'malformed':
      return answer.sse([...broken, 'data: {"id":', 'data: [DONE]'])
    case 'no-terminal':
      return answer.sse(broken)
    case 'server-error':
      return answer.json(SERVER_ERROR, 500)
    case 'rate-limited':
      return answer.json(RATE_LIMITED, 429, { 'retry-after': '0' })
    case 'rate-limited-once':
      if (count === 1) return answer.json(RATE_LIMITED, 429, { 'retry-after': '0' })
      return answer.sse(frames)
    default:
      return answer.sse(frames)
  }
}

const slowly = function* () {
  const [start, first] = replyFrames({ text: ['and ', 'on '] })
  yield start as string
  for (let piece = 0; piece < 400; piece += 1) yield first as string
}

const unauthorized = ({ headers }: FakeRequest, answer: Answer): void => {
  const key = headers.authorization?.replace(/^Bearer /, '') ?? ''
  const error = wrong(`Incorrect API key provided: ${key}.`, 'invalid_api_key')
  answer.json(error, 401)
}

const wrong = (message: string, code: string | null) => ({
  error: { message, type: 'invalid_request_error', param: null, code },
})

const SERVER_ERROR = {
  error: {
    message: 'The server had an error while processing your request.',
    type: 'server_error',
    param: null,
    code: null,
  },
}

const RATE_LIMITED = {
  error: {
    message: 'Rate limit reached for requests',
    type: 'requests',
    param: null,
    code: 'rate_limit_exceeded',
  },
}

const faultOf = ({ model, messages, tools, tool_choice, stream }: ChatRequest) => {
  if (model !== MODEL)
    return wrong(`The model \`${model}\` does not exist or you do not have access to it.`, 'model_not_found')
  if (!stream) return wrong('This fake only streams.', 'unsupported')
  if (!Array.isArray(messages) || messages.length === 0)
    return wrong("'messages' must not be empty.", 'empty_array')
  if (tools !== undefined && tools.length === 0) return wrong("'tools' must not be empty.", 'empty_array')
  if (tools === undefined && tool_choice !== undefined)
    return wrong("'tool_choice' is only allowed when 'tools' are specified.", null)
  return unanswered(messages)
}

const unanswered = (messages: readonly ChatMessage[]) => {
  let open: string[] = []
  for (const { role, tool_calls = [], tool_call_id } of messages) {
    if (role === 'tool') {
      if (!open.includes(tool_call_id ?? ''))
        return wrong(
          "messages with role 'tool' must be a response to a preceding message with 'tool_calls'.",
          null,
        )
      open = open.filter((id) => id !== tool_call_id)
      continue
    }
    if (open.length > 0)
      return wrong(
        `An assistant message with 'tool_calls' must be followed by tool messages; missing: ${open.join(', ')}`,
        null,
      )
    open = tool_calls.map(({ id }) => id)
  }
  return open.length > 0 ? wrong('tool messages are missing at the end', null) : undefined
}
