/**
 * A fake of Dify's chat API ("Send Chat Message") and of OpenAI's chat completions, from their documentation, for
 * measuring: each frame's text is the moment at which it was written. A process of its own: node scripts/agents/streaming-platform.ts
 */
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sleep } from '../../src/sleep.ts'

const now = (): number => performance.timeOrigin + performance.now()

const frame = (body: object): string => `data: ${JSON.stringify(body)}\n\n`

/** How a platform says a piece of text, and its end. */
interface Dialect {
  piece(text: string): string
  end: string
}

const dify = (conversation: string): Dialect => {
  const about = { task_id: 'task', message_id: 'message', conversation_id: conversation }
  const metadata = { usage: { total_tokens: 1 } }
  return {
    piece: (answer) => frame({ event: 'message', ...about, answer }),
    end: frame({ event: 'message_end', ...about, metadata }),
  }
}

const chunk = (choices: object[], more: object = {}): string =>
  frame({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices, ...more })

const openai: Dialect = {
  piece: (content) => chunk([{ index: 0, delta: { content }, finish_reason: null }]),
  end:
    chunk([{ index: 0, delta: {}, finish_reason: 'stop' }]) +
    chunk([], { usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } }) +
    'data: [DONE]\n\n',
}

/** `frames=20&pauseMs=50` in the person's words say how it is to stream. */
const stream = async (response: ServerResponse, query: string, { piece, end }: Dialect): Promise<void> => {
  const asked = new URLSearchParams(query)
  const [frames, pauseMs] = [Number(asked.get('frames')), Number(asked.get('pauseMs'))]
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  // Not all runs at the same moment.
  const from = performance.now() + Math.random() * pauseMs
  for (let at = 0; at < frames && !response.destroyed; at += 1) {
    const wait = from + at * pauseMs - performance.now()
    if (wait > 1) await sleep(wait)
    response.write(piece(`${now()} `))
  }
  response.end(end)
}

const server = createServer(async (request, response) => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body = JSON.parse(Buffer.concat(chunks).toString() || '{}')
  if (request.url?.endsWith('/chat-messages'))
    return stream(response, body.query, dify(body.conversation_id || 'new'))
  if (request.url?.endsWith('/chat/completions'))
    return stream(response, body.messages.at(-1).content, openai)
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"result":"success"}')
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1` })
process.once('disconnect', () => process.exit())
