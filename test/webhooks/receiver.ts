import { randomBytes } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import standardWebhooks from 'standardwebhooks'
import { onTestFinished } from 'vitest'

export const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`

export interface Received {
  headers: IncomingHttpHeaders
  body: string
  /** The CloudEvent. */
  event: { id: string; source: string; type: string; data: { threadId: string; runId: string; fact: string } }
  /** Milliseconds since 1970. */
  at: number
}

/** An answer, or nothing for one that never comes. */
export interface Answer {
  status?: number
  headers?: Record<string, string>
  afterMs?: number
}

/**
 * A server that takes webhooks, as one would be written with the library: what does not verify gets 400. `answer`
 * says what the others get.
 */
export const useReceiver = async (
  answer: (received: Received, count: number) => Answer = () => ({ status: 204 }),
  secret = newSecret(),
  listenOn = 0,
) => {
  const webhook = new standardWebhooks.Webhook(secret)
  /** All that came, and what was answered with a 2xx. */
  const received: Received[] = []
  const taken: Received[] = []
  const refused: string[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString()
    try {
      webhook.verify(body, request.headers as Record<string, string>)
    } catch (error) {
      refused.push(String(error))
      response.writeHead(400).end()
      return
    }
    const one = { headers: request.headers, body, event: JSON.parse(body), at: Date.now() }
    received.push(one)
    const { status, headers, afterMs = 0 } = answer(one, received.length)
    if (status === undefined) return
    setTimeout(() => {
      if (status < 300) taken.push(one)
      response.writeHead(status, headers).end()
    }, afterMs)
  })
  await new Promise<void>((resolve) => server.listen(listenOn, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as { port: number }
  const token = randomBytes(8).toString('hex')
  return {
    url: `http://127.0.0.1:${port}/hooks?token=${token}`,
    port,
    /** In the address: it is nobody else's. */
    token,
    secret,
    received,
    taken,
    refused,
  }
}

export const runsOf = (received: Received[], threadId: string): string[] =>
  received.filter(({ event }) => event.data.threadId === threadId).map(({ event }) => event.data.runId)
