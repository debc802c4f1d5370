import { ANSWER, type FakePlatform, type Script } from '../suite/agent-case.ts'
import type { Answer, FakeRequest } from '../suite/fake-server.ts'

export const KEY = 'agui-key-1d2c3b4a5f'
export const PATH = '/agent'

/** An event as its frame. */
export const frame = (event: object): string => `data: ${JSON.stringify(event)}`

/** What an endpoint says of its run, beside the events in between. */
export const runOf = (ids: { threadId: string; runId: string }, events: readonly object[]): object[] => [
  { type: 'RUN_STARTED', ...ids },
  ...events,
  { type: 'RUN_FINISHED', ...ids },
]

export const spoken = (pieces: readonly string[], messageId: string): object[] => [
  { type: 'TEXT_MESSAGE_START', messageId, role: 'assistant' },
  ...pieces.map((delta) => ({ type: 'TEXT_MESSAGE_CONTENT', messageId, delta })),
  { type: 'TEXT_MESSAGE_END', messageId },
]

const PIECES = ANSWER.match(/.{1,9}/g) as string[]

/**
 * A fake of an AG-UI endpoint: POST of a RunAgentInput, answered by a stream of one JSON event per `data:` line, as
 * the page “Events” of the AG-UI documentation and the HttpAgent of @ag-ui/client have it. The thread's messages come
 * with each input, so it keeps nothing, and it has no call that stops a run.
 */
export const fakeEndpoint = (): FakePlatform => {
  let script: Script = 'answer'
  let runs = 0

  const answer = async ({ body, headers, method, path }: FakeRequest, to: Answer): Promise<void> => {
    if (path !== PATH) return to.json({ detail: 'Not Found' }, 404)
    if (method !== 'POST') return to.json({ detail: 'Method Not Allowed' }, 405)
    if (script === 'unauthorized' || headers.authorization !== `Bearer ${KEY}`)
      return to.json({ detail: `Invalid key ${headers.authorization}` }, 401)
    if (!Array.isArray(body.messages)) return to.json({ detail: [{ loc: ['body', 'messages'] }] }, 422)
    runs += 1
    if (script === 'server-error') return to.text('Internal Server Error', 500)
    if (script === 'rate-limited' || (script === 'rate-limited-once' && runs === 1))
      return to.json({ detail: 'Too many requests' }, 429, { 'retry-after': '0' })
    await stream(body, to)
  }

  const stream = async (ids: { threadId: string; runId: string }, to: Answer): Promise<void> => {
    const messageId = `m-${ids.runId}`
    const frames = runOf({ threadId: ids.threadId, runId: ids.runId }, spoken(PIECES, messageId)).map(frame)
    const [end] = frames.splice(-1) as [string]
    const broken = frames.slice(0, 4)
    switch (script) {
      case 'slow':
      case 'late-stop':
        return to.sse([...frames.slice(0, 2), ...Array(400).fill(frames[2])], { pauseMs: 50 })
      case 'pings':
        return to.sse([...frames.flatMap((one) => [': keepalive', one]), 'event: ping\ndata:', end])
      case 'repeated-answer': {
        const messages = [{ id: messageId, role: 'assistant', content: ANSWER }]
        return to.sse([...frames, frame({ type: 'MESSAGES_SNAPSHOT', messages }), end])
      }
      case 'cut':
        await to.sse(broken, { open: true })
        return to.cut((frames[4] as string).slice(0, 20))
      case 'stream-error':
        return to.sse([
          ...broken,
          frame({ type: 'RUN_ERROR', message: 'The model is gone', code: 'MODEL_GONE' }),
        ])
      case 'malformed':
        return to.sse([...broken, 'data: {"type":'])
      case 'no-terminal':
        return to.sse(frames)
      default:
        return to.sse([...frames, end])
    }
  }

  return {
    handler: answer,
    play: (next) => {
      script = next
      runs = 0
    },
    conversations: [],
    stopped: [],
  }
}
