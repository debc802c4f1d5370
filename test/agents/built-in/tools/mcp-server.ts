/**
 * A program: a real MCP server, made with the official SDK. `stdio`, or `sse` and `streamable_http` with a port (0
 * for any), which it writes to standard output. With KEY in its environment it refuses requests without that key.
 */
import { randomUUID } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js'
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { z } from 'zod'

const [transport = 'stdio', port = '0'] = process.argv.slice(2)
const { KEY } = process.env

const text = (said: string) => ({ content: [{ type: 'text' as const, text: said }] })

/** One for each client, as the protocol wants it. */
const makeServer = (): McpServer => {
  const server = new McpServer({ name: 'test-server', version: '1.0.0' })
  const tool = <Shape extends z.ZodRawShape>(
    name: string,
    inputSchema: Shape,
    run: (args: z.infer<z.ZodObject<Shape>>, extra: Extra) => unknown,
    annotations = {},
  ) =>
    server.registerTool(
      name,
      { description: `For tests: ${name}`, inputSchema, annotations },
      // biome-ignore lint/suspicious/noExplicitAny: the SDK's types take part in every shape
      run as any,
    )

  tool('echo', { text: z.string() }, ({ text: said }) => text(said))
  tool('wait', { ms: z.number() }, async ({ ms }, { signal }) => {
    await new Promise<void>((done) => {
      const timer = setTimeout(done, ms)
      signal.addEventListener('abort', () => {
        clearTimeout(timer)
        cancelled += 1
        done()
      })
    })
    return text('waited')
  })
  tool('cancelled', {}, () => text(String(cancelled)))
  tool('huge', { characters: z.number() }, ({ characters }) => text('x'.repeat(characters)))
  tool('fail', {}, () => ({ ...text('The disk is full.'), isError: true }))
  tool('fail_with', { name: z.string() }, ({ name }) => ({
    ...text(`No: ${process.env[name]}`),
    isError: true,
  }))
  tool('nothing', {}, () => ({ content: [] }))
  tool('media', {}, () => ({
    content: [
      { type: 'text', text: 'A picture:' },
      { type: 'image', data: Buffer.alloc(1234).toString('base64'), mimeType: 'image/png' },
      { type: 'resource', resource: { uri: 'file:///a.txt', text: 'Its text' } },
      { type: 'resource', resource: { uri: 'file:///a.zip', mimeType: 'application/zip', blob: 'AAAA' } },
      { type: 'resource_link', uri: 'file:///b.txt', name: 'b' },
    ],
  }))
  server.registerTool(
    'structured',
    { description: 'For tests', outputSchema: { celsius: z.number() } },
    () => ({ content: [], structuredContent: { celsius: 21 } }),
  )
  tool('variable', { name: z.string() }, ({ name }) => text(process.env[name] ?? 'not set'))
  tool('pid', {}, () => text(String(process.pid)))
  tool('learn', { name: z.string() }, ({ name }) => {
    tool(name, {}, () => text(`I am ${name}`))
    return text(`Learned ${name}`)
  })
  tool('die', {}, () => process.exit(1))
  // It dies in the first call, which leaves a mark, and answers in the second.
  const dieOnce = ({ mark }: { mark: string }) => {
    if (existsSync(mark)) return text('alive')
    writeFileSync(mark, '')
    return process.exit(1)
  }
  tool('die_once', { mark: z.string() }, dieOnce)
  tool('die_once_reading', { mark: z.string() }, dieOnce, { readOnlyHint: true })
  tool('cut', {}, () => text('never seen over HTTP'))
  return server
}

interface Extra {
  signal: AbortSignal
}

let cancelled = 0

const isAllowed = (request: IncomingMessage): boolean =>
  KEY === undefined || request.headers.authorization === `Bearer ${KEY}`

const bodyOf = async (request: IncomingMessage): Promise<{ params?: { name?: string } } | undefined> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString())
}

const streamable = new Map<string, StreamableHTTPServerTransport>()

const overStreamableHttp = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const body = request.method === 'POST' ? await bodyOf(request) : undefined
  if (body?.params?.name === 'cut') {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('event: message\ndata: {"json')
    setTimeout(() => response.destroy(), 50)
    return
  }
  const id = request.headers['mcp-session-id'] as string | undefined
  // What a real server has no need of: how many sessions it has now.
  if (request.url === '/mcp/sessions') return void response.end(String(streamable.size))
  let session = streamable.get(id ?? '')
  if (session === undefined) {
    if (id !== undefined) return void response.writeHead(404).end('no such session')
    session = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessionclosed: (ended) => void streamable.delete(ended),
      onsessioninitialized: (made) => void streamable.set(made, session as StreamableHTTPServerTransport),
    })
    await makeServer().connect(session as never)
  }
  await session.handleRequest(request, response, body)
}

const sse = new Map<string, SSEServerTransport>()

const overSse = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const { searchParams } = new URL(request.url ?? '/', 'http://test')
  if (request.method === 'POST') {
    const session = sse.get(searchParams.get('sessionId') ?? '')
    if (session === undefined) return void response.writeHead(404).end('no such session')
    return await session.handlePostMessage(request, response)
  }
  const session = new SSEServerTransport('/mcp', response)
  sse.set(session.sessionId, session)
  await makeServer().connect(session)
}

if (transport === 'stdio') {
  await makeServer().connect(new StdioServerTransport())
} else {
  const handle = transport === 'sse' ? overSse : overStreamableHttp
  const server = createServer((request, response) => {
    if (!isAllowed(request))
      return void response.writeHead(401).end(`wrong key ${request.headers.authorization}`)
    if (!request.url?.startsWith('/mcp')) return void response.writeHead(404).end()
    handle(request, response).catch((error) => response.destroy(error))
  })
  server.listen(Number(port), '127.0.0.1', () =>
    process.stdout.write(`${(server.address() as AddressInfo).port}\n`),
  )
}
