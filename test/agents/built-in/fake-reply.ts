/** What a fake model answers: a stream, or an error. */
export type Reply = StreamReply | ErrorReply

export interface StreamReply {
  reasoning?: readonly string[]
  text?: readonly string[]
  calls?: readonly FakeCall[]
  /** @default 'tool_calls' where it calls, else 'stop' */
  finish?: string | null
  /** @default 11 and 7 tokens; null where it counts nothing */
  usage?: { prompt_tokens: number; completion_tokens: number; total_tokens: number } | null
  /** Frames in the place of the answer. */
  frames?: readonly string[]
  pauseMs?: number
  /** The socket is destroyed after the last piece. */
  cut?: boolean
  /** It waits for this before it answers. */
  after?: Promise<unknown>
}

export interface ErrorReply {
  status: number
  body: unknown
  headers?: Record<string, string>
  after?: Promise<unknown>
}

export interface FakeCall {
  /** @default call_1, call_2, … as some servers have it, in each answer anew */
  id?: string
  name: string
  /** JSON, in the pieces in which it comes. */
  args: string | readonly string[]
}

export const isReply = (reply: Reply): reply is StreamReply => !('status' in reply)

const USAGE = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 }

/** The frames of an answer: chunks of `chat.completion.chunk`, the usage with empty choices, [DONE]. */
export const replyFrames = (reply: StreamReply): string[] => {
  if (reply.frames !== undefined) return [...reply.frames]
  const { reasoning = [], text = [], calls = [], usage = USAGE, cut = false } = reply
  const finish = reply.finish === undefined ? (calls.length > 0 ? 'tool_calls' : 'stop') : reply.finish
  return [
    ...reasoning.map((piece) => chunk({ reasoning_content: piece })),
    ...text.map((piece) => chunk({ content: piece })),
    ...calls.flatMap(callChunks),
    ...(cut
      ? []
      : [
          chunk({}, finish),
          ...(usage === null ? [] : [frame({ ...CHUNK, choices: [], usage })]),
          'data: [DONE]',
        ]),
  ]
}

const CHUNK = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'fake-model-1' }

const frame = (body: object): string => `data: ${JSON.stringify(body)}`

const chunk = (delta: object, finish_reason: string | null = null): string =>
  frame({ ...CHUNK, choices: [{ index: 0, delta, finish_reason }] })

const callChunks = ({ id, name, args }: FakeCall, index: number): string[] => {
  const [first = '', ...more] = typeof args === 'string' ? [args] : args
  const start = {
    index,
    id: id ?? `call_${index + 1}`,
    type: 'function',
    function: { name, arguments: first },
  }
  return [
    chunk({ tool_calls: [start] }),
    ...more.map((piece) => chunk({ tool_calls: [{ index, function: { arguments: piece } }] })),
  ]
}
