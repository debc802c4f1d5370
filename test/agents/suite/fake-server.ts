import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { sleep } from '../../../src/sleep.ts'

/** A request that a fake got. */
export interface FakeRequest {
  method: string
  /** Without the query. */
  path: string
  query: URLSearchParams
  headers: IncomingMessage['headers']
  /** Parsed where it is JSON, else the text. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it by the fields that they sent
  body: any
  /** Resolves when the client has gone away, or all is answered. */
  closed: Promise<void>
}

export type Handler = (request: FakeRequest, answer: Answer) => Promise<void> | void

/** How a fake answers: with real sockets, also where they break. */
export interface Answer {
  json(body: unknown, status?: number, headers?: Record<string, string>): void
  text(body: string, status?: number, headers?: Record<string, string>): void
  /** Frames as they are, each followed by an empty line; `pauseMs` before each. Ends the stream, unless `open`. */
  sse(
    frames: Iterable<string> | AsyncIterable<string>,
    options?: { pauseMs?: number; open?: boolean },
  ): Promise<void>
  /** Destroys the socket after these bytes: in the middle of a frame, say. */
  cut(bytes?: string): Promise<void>
  readonly raw: ServerResponse
}

export interface FakeServer {
  url: string
  requests: FakeRequest[]
  /** Requests that are open now. */
  open(): number
  stop(): Promise<void>
}

/** A real HTTP server on 127.0.0.1 that plays a platform's documented API. */
export const startFake = async (handler: Handler): Promise<FakeServer> => {
  const requests: FakeRequest[] = []
  let open = 0
  const server = createServer((incoming, response) => {
    open += 1
    const closed = once(response, 'close').then(() => {
      open -= 1
    })
    void respond(incoming, response, closed)
  })
  const respond = async (incoming: IncomingMessage, response: ServerResponse, closed: Promise<void>) => {
    const url = new URL(incoming.url ?? '/', 'http://fake')
    const request: FakeRequest = {
      method: incoming.method ?? 'GET',
      path: url.pathname,
      query: url.searchParams,
      headers: incoming.headers,
      body: await bodyOf(incoming),
      closed,
    }
    requests.push(request)
    try {
      await handler(request, answerOn(response))
    } catch (error) {
      if (!response.headersSent) response.writeHead(599)
      response.end(String(error))
    }
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const stop = async () => {
    if (!server.listening) return
    const stopped = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await stopped
  }
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, requests, open: () => open, stop }
}

/** The same, stopped when the test is over. */
export const useFake = async (handler: Handler): Promise<FakeServer> => {
  const fake = await startFake(handler)
  onTestFinished(fake.stop)
  return fake
}

const answerOn = (response: ServerResponse): Answer => ({
  raw: response,
  json: (body, status = 200, headers = {}) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  },
  text: (body, status = 200, headers = {}) => {
    response.writeHead(status, { 'content-type': 'text/plain', ...headers }).end(body)
  },
  sse: async (frames, { pauseMs = 0, open = false } = {}) => {
    if (!response.headersSent) {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.flushHeaders()
    }
    for await (const frame of frames) {
      if (pauseMs > 0) await sleep(pauseMs)
      if (response.destroyed) return
      response.write(`${frame}\n\n`)
    }
    if (!open) response.end()
  },
  cut: async (bytes = '') => {
    if (bytes !== '') await new Promise((done) => response.write(bytes, done))
    response.socket?.destroy()
  },
})

const bodyOf = async (incoming: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString()
  if (!incoming.headers['content-type']?.includes('json')) return text
  return JSON.parse(text)
}
