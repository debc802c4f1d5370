import { readFileSync } from 'node:fs'

/** A frame of a completion, as DashScope writes it. */
export const frame = (data: unknown, event = 'result', status = 200): string =>
  `id:1\nevent:${event}\n:HTTP_STATUS/${status}\ndata:${JSON.stringify(data)}`

/** A piece of an agent's answer. */
export const piece = (text: string, sessionId: string, more: object = {}): string =>
  frame({
    output: { session_id: sessionId, finish_reason: 'null', text, ...more },
    usage: { models: [{ input_tokens: 12, output_tokens: 3, model_id: 'qwen-max' }] },
    request_id: 'r-1',
  })

/** Thoughts, with or without a piece. */
export const thinking = (thoughts: object[], text = ''): string => piece(text, 's-1', { thoughts })

export const lastPiece = (sessionId: string, more: object = {}): string =>
  frame({
    output: { session_id: sessionId, finish_reason: 'stop', text: '', ...more },
    usage: { models: [{ input_tokens: 12, output_tokens: 9, model_id: 'qwen-max' }] },
    request_id: 'r-1',
  })

/** A piece that a workflow's node gives. */
export const nodePiece = (
  [type, id]: [type: string, id: string],
  content: string,
  { done = false, sessionId = 's-1' } = {},
): string =>
  frame({
    output: {
      session_id: sessionId,
      finish_reason: 'null',
      workflow_message: {
        node_id: id,
        node_name: type.toLowerCase(),
        node_type: type,
        node_status: done ? 'success' : 'executing',
        node_msg_seq_id: 1,
        node_is_completed: done,
        message: { role: 'assistant', content },
      },
    },
    usage: {},
    request_id: 'r-1',
  })

export const errorBody = (code: string, message: string): object => ({ code, message, request_id: 'r-1' })

/** A recorded example of the documentation: its frames. The first lines of the file say which one. */
export const fixture = (name: string): string[] =>
  readFileSync(new URL(`./fixtures/${name}.txt`, import.meta.url), 'utf8')
    .split('\n\n')
    .filter((part) => part.includes('data:'))

/** What a frame's data is. */
export const dataOf = (text: string): unknown => JSON.parse(text.slice(text.indexOf('\ndata:') + 6))
