import { sleep } from '../../../src/sleep.ts'
import { ANSWER, type FakePlatform, type Script } from '../suite/agent-case.ts'
import type { Answer, FakeRequest } from '../suite/fake-server.ts'

export const KEY = 'deerflow-key-9f8e7d6c5b'
const RUN_ID = '0d4f5a3e-run'
const UPLOADED = { filename: 'a.pdf', size: 3, virtual_path: '/mnt/user-data/uploads/a.pdf' }

/** A frame as the gateway writes it: event, data, id. */
export const frame = (event: string, data: unknown, id?: number): string =>
  `event: ${event}\ndata: ${JSON.stringify(data)}${id === undefined ? '' : `\nid: 17000-${id}`}`

export const chunk = (content: unknown, more: object = {}): string =>
  frame('messages', [
    { type: 'AIMessageChunk', id: 'lc_run--1', content, tool_calls: [], tool_call_chunks: [], ...more },
    { langgraph_node: 'model' },
  ])

export const tool = (tool_call_id: string, content: unknown, more: object = {}): string =>
  frame('messages', [
    { type: 'tool', id: `result-${tool_call_id}`, name: 'tool', content, tool_call_id, ...more },
    {},
  ])

export const END = frame('end', null)
const METADATA = (thread_id: string) => frame('metadata', { run_id: RUN_ID, thread_id }, 0)
const PIECES = ANSWER.match(/.{1,9}/g) as string[]

export interface FakeGateway extends FakePlatform {
  /** The next runs send these frames between `metadata` and `end`. Without `end`: the connection is cut. */
  next(frames: readonly string[], ...rejoined: (readonly string[])[]): void
  /** Of runs that have ended. */
  record: Record<string, unknown>
  /** What a thread's state has. */
  values: Record<string, unknown>
  /** Makes it forget its threads. */
  forget(): void
  /** Takes a thread as one that it has. */
  add(threadId: string): void
}

/** Fields of a run's body; the gateway refuses others with 422 (backend/app/gateway/run_models.py, DeerFlow 2.x). */
const RUN_FIELDS = new Set([
  ...['assistant_id', 'input', 'command', 'metadata', 'config', 'context', 'stream_mode', 'stream_subgraphs'],
  ...['on_disconnect', 'multitask_strategy', 'checkpoint', 'checkpoint_id', 'if_not_exists'],
])

/**
 * A fake of DeerFlow's gateway behind its nginx, after DeerFlow's own “API Reference” (backend/docs/API.md),
 * “STREAMING” and “FILE_UPLOAD”, and the routers of its 2.x gateway. In the place of DeerFlow's session it wants a
 * key as a proxy before it would. A run of a thread that was opened by POST /threads since its last run counts as a
 * new conversation.
 */
export const fakeGateway = (): FakeGateway => {
  let script: Script = 'answer'
  let attempts = 0
  let scripted: (readonly string[])[] | undefined
  const threads = new Map<string, { isOpened: boolean }>()

  const route = async (request: FakeRequest, to: Answer): Promise<void> => {
    const { authorization } = request.headers
    if (authorization !== `Bearer ${KEY}` || script === 'unauthorized')
      return to.json({ detail: { code: 'token_invalid', message: `Not valid: ${authorization}` } }, 401)
    // As nginx rewrites it.
    const path = request.path.replace('/api/langgraph/', '/api/')
    for (const [call, handle] of routes) {
      const match = new RegExp(`^${call.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`).exec(
        `${request.method} ${path}`,
      )
      if (match !== null) return handle(to, { id: '', run: '', ...match.groups }, request)
    }
    missing(to, path)
  }

  interface Ids {
    id: string
    run: string
  }
  type Route = (to: Answer, ids: Ids, request: FakeRequest) => Promise<void> | void

  const routes: [string, Route][] = [
    [
      'POST /api/threads',
      (to, _, { body }) => {
        threads.set(body.thread_id, { isOpened: true })
        to.json({ thread_id: body.thread_id, status: 'idle', metadata: body.metadata })
      },
    ],
    [
      'GET /api/threads/:id',
      (to, { id }) => (threads.has(id) ? to.json({ thread_id: id }) : missing(to, id)),
    ],
    ['GET /api/threads/:id/state', (to) => to.json({ values: gateway.values, next: [] })],
    ['POST /api/threads/:id/uploads', (to) => to.json({ success: true, files: [UPLOADED] })],
    ['POST /api/threads/:id/runs/stream', (to, { id }, { body }) => begin(id, body, to)],
    ['GET /api/threads/:id/runs/:run/stream', (to, { id }) => stream(id, to, true)],
    [
      'GET /api/threads/:id/runs/:run',
      (to, { id }) => to.json({ run_id: RUN_ID, thread_id: id, status: 'success', ...gateway.record }),
    ],
    [
      'POST /api/threads/:id/runs/:run/cancel',
      async (to, { run }, { query }) => {
        gateway.stopped.push(`${run} ${query.get('action')}`)
        if (script === 'late-stop') await sleep(3_000)
        to.raw.writeHead(202).end()
      },
    ],
    ['POST /api/assistants/search', (to) => to.json([{ assistant_id: 'lead_agent' }])],
    [
      'GET /api/assistants/:id',
      (to, { id }) => (id === 'lead_agent' ? to.json({ assistant_id: id }) : missing(to, `Assistant ${id}`)),
    ],
    [
      'GET /api/models/:id',
      (to, { id }) => (id === 'gpt-4' ? to.json({ name: id }) : missing(to, `Model '${id}'`)),
    ],
  ]

  const begin = async (id: string, body: Record<string, unknown>, to: Answer): Promise<void> => {
    const thread = threads.get(id)
    if (thread === undefined) return missing(to, `Thread ${id}`)
    const extra = Object.keys(body).find((field) => !RUN_FIELDS.has(field))
    if (extra !== undefined)
      return to.json({ detail: [{ loc: ['body', extra], msg: 'Extra inputs are not permitted' }] }, 422)
    attempts += 1
    if (script === 'server-error') return to.text('Internal Server Error', 500)
    if (script === 'rate-limited' || (script === 'rate-limited-once' && attempts === 1))
      return to.json({ detail: 'Too many requests' }, 429, { 'retry-after': '0' })
    gateway.conversations.push(thread.isOpened ? null : id)
    thread.isOpened = false
    await stream(id, to, false)
  }

  const stream = async (id: string, to: Answer, isRejoin: boolean): Promise<void> => {
    to.raw.writeHead(200, {
      'content-type': 'text/event-stream',
      ...(!isRejoin && { 'content-location': `/api/threads/${id}/runs/${RUN_ID}` }),
    })
    if (scripted !== undefined) {
      const frames = scripted.length > 1 ? (scripted.shift() ?? []) : (scripted[0] ?? [])
      await to.sse([...(isRejoin ? [] : [METADATA(id)]), ...frames], { open: true })
      if (frames.at(-1) === END) return void to.raw.end()
      // What was written is to arrive: a socket that is destroyed at once drops it.
      await sleep(20)
      return to.cut()
    }
    await play(id, to)
  }

  const play = async (id: string, to: Answer): Promise<void> => {
    const human = {
      type: 'human',
      id: 'other-client',
      content: 'Hello',
      additional_kwargs: { hide_from_ui: true },
    }
    const before = [METADATA(id), frame('values', { messages: [human] })]
    const pieces = PIECES.map((piece, at) => chunk(piece).concat(`\nid: 17000-${at + 1}`))
    const whole = { type: 'ai', id: 'lc_run--1', content: ANSWER }
    const values = frame('values', { messages: [human, whole], title: 'The moon' })
    switch (script) {
      case 'slow':
      case 'late-stop':
        return to.sse([...before, ...Array(400).fill(pieces[0])], { pauseMs: 50 })
      case 'pings':
        return to.sse([...before, ...pieces.flatMap((piece) => [': heartbeat', piece]), values, END])
      case 'repeated-answer':
        return to.sse([...before, ...pieces, frame('messages', [whole, {}]), values, END])
      case 'cut':
        await to.sse([...before, ...pieces.slice(0, 2)], { open: true })
        return to.cut((pieces[2] as string).slice(0, 30))
      case 'stream-error':
        return to.sse([
          ...before,
          pieces[0] as string,
          frame('error', { message: 'No model', name: 'ValueError' }),
        ])
      case 'malformed':
        return to.sse([...before, pieces[0] as string, 'event: messages\ndata: [{"type":'])
      case 'no-terminal':
        return to.sse([...before, ...pieces, values])
      default:
        return to.sse([...before, ...pieces, values, END])
    }
  }

  const gateway: FakeGateway = {
    handler: route,
    play: (next) => {
      script = next
      attempts = 0
    },
    next: (...frames) => {
      scripted = frames
    },
    record: {},
    values: {},
    forget: () => threads.clear(),
    add: (threadId) => void threads.set(threadId, { isOpened: false }),
    conversations: [],
    stopped: [],
  }
  return gateway
}

const missing = (to: Answer, what: string): void => to.json({ detail: `${what} not found` }, 404)
