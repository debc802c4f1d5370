/**
 * A fake of Dify's chat API, from its documentation ("Send Chat Message"), for measuring: each frame's text is the
 * moment at which it was written. A process of its own: node scripts/agents/streaming-platform.ts
 */
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sleep } from '../../src/sleep.ts'

const now = (): number => performance.timeOrigin + performance.now()

const frame = (body: object): string => `data: ${JSON.stringify(body)}\n\n`

/** `?frames=20&pauseMs=50` in the person's words say how it is to stream. */
const stream = async (response: ServerResponse, query: string, conversation: string): Promise<void> => {
  const asked = new URLSearchParams(query)
  const [frames, pauseMs] = [Number(asked.get('frames')), Number(asked.get('pauseMs'))]
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const about = { task_id: 'task', message_id: 'message', conversation_id: conversation }
  // Not all runs at the same moment.
  const from = performance.now() + Math.random() * pauseMs
  for (let at = 0; at < frames && !response.destroyed; at += 1) {
    const wait = from + at * pauseMs - performance.now()
    if (wait > 1) await sleep(wait)
    response.write(frame({ event: 'message', ...about, answer: `${now()} ` }))
  }
  response.write(frame({ event: 'message_end', ...about, metadata: { usage: { total_tokens: 1 } } }))
  response.end()
}

const server = createServer(async (request, response) => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body = JSON.parse(Buffer.concat(chunks).toString() || '{}')
  if (request.url?.endsWith('/chat-messages'))
    return stream(response, body.query, body.conversation_id || 'new')
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"result":"success"}')
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1` })
process.once('disconnect', () => process.exit())
