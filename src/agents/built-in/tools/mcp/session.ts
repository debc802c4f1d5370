import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import {
  type CallToolResult,
  CallToolResultSchema,
  ErrorCode,
  ListToolsResultSchema,
  McpError,
  type Tool,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js'
import { messageOf } from '../../../../errors.ts'
import type { Logger } from '../../../../logger.ts'
import { OVER, sleep } from '../../../../sleep.ts'
import type { McpServerSettings } from '../settings.ts'
import { describeFailure, tooSlow } from './describe-failure.ts'
import { McpServerError } from './mcp-error.ts'
import { placeOf, withoutSecrets } from './server-secrets.ts'
import { type MadeTransport, makeTransport } from './transport.ts'

const PAGES_MAX = 50
const TOOLS_MAX = 500
/** How old a list may be where the server does not tell of changes. */
const LIST_AGE_MS_MAX = 60_000
/** A server may take so long to hear that a session is over. */
const END_MS_MAX = 500
/** The SDK's own time-out: only for what ours has missed. */
const REQUEST_MS_MAX = 2_000_000_000

export interface CallOptions {
  /** Of this call alone: the SDK leaves its listener on it. */
  signal: AbortSignal
}

/** One connection to a server, from the handshake until it is lost. */
export interface McpSession {
  readonly tools: readonly Tool[]
  readonly isOpen: boolean
  /** Lists its tools anew, where the list may be old. */
  refresh(): Promise<void>
  call(name: string, args: unknown, options: CallOptions): Promise<CallToolResult>
  /** Whether the server says anything at all, within connect_timeout. */
  answers(): Promise<boolean>
  /** Tells the server first. */
  end(): Promise<void>
  /** At once: for a session that is lost. */
  close(): Promise<void>
}

export interface SessionOptions {
  settings: McpServerSettings
  logger: Logger
  onToolsChanged(): void
  /** Ends the attempt to connect. */
  signal: AbortSignal
}

/** @throws McpServerError */
export const openSession = async (options: SessionOptions): Promise<McpSession> => {
  const { settings } = options
  const made = makeTransport(settings)
  const client = new Client({ name: 'kafka-agent-runner', version: '0.1.0' }, { capabilities: {} })
  // Never aborted once connected: the SDK would tell the server that the handshake was cancelled.
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(tooSlow(settings)), settings.connect_timeout * 1000)
  const onClose = () => limit.abort(options.signal.reason)
  options.signal.addEventListener('abort', onClose, { once: true })
  try {
    options.signal.throwIfAborted()
    return await until(limit.signal, connect(client, made, options, limit.signal))
  } catch (error) {
    // Not waited for: a program that does not end is given some seconds before it is killed.
    client.close().catch(() => undefined)
    if (limit.signal.aborted) throw limit.signal.reason
    throw describeFailure(error, settings, made.complaint())
  } finally {
    clearTimeout(timer)
    options.signal.removeEventListener('abort', onClose)
  }
}

/** What a promise gives, or the end of the signal: starting a transport cannot be aborted. */
const until = async <T>(signal: AbortSignal, promise: Promise<T>): Promise<T> => {
  const aborted = Promise.withResolvers<never>()
  signal.addEventListener('abort', () => aborted.reject(signal.reason), { once: true })
  return await Promise.race([promise, aborted.promise])
}

const connect = async (
  client: Client,
  { transport, endSession }: MadeTransport,
  { settings, logger, onToolsChanged }: SessionOptions,
  signal: AbortSignal,
): Promise<McpSession> => {
  let isOpen = true
  client.onclose = () => {
    isOpen = false
  }
  client.onerror = (error) => {
    if (isLost(error)) void client.close().catch(() => {})
    logger.info('An MCP server', {
      server: placeOf(settings),
      error: withoutSecrets(messageOf(error), settings),
    })
  }
  await client.connect(transport, { signal, timeout: REQUEST_MS_MAX })
  const list = new ToolList(client, settings.connect_timeout * 1000)
  client.setNotificationHandler(ToolListChangedNotificationSchema, async () => {
    await list.fetch()
    onToolsChanged()
  })
  await list.fetch()
  return {
    get tools() {
      return list.tools
    },
    get isOpen() {
      return isOpen
    },
    refresh: () => list.fetchIfOld(),
    call: (name, args, { signal }) =>
      client.request(
        { method: 'tools/call', params: { name, arguments: args as never } },
        CallToolResultSchema,
        {
          signal,
          timeout: REQUEST_MS_MAX,
        },
      ),
    answers: () => answersPing(client, settings.connect_timeout * 1000),
    end: async () => {
      isOpen = false
      const limit = new AbortController()
      // What a server makes of it is its own matter: sessions end by themselves too.
      const told = endSession().catch(() => undefined)
      await Promise.race([told, sleep(END_MS_MAX, limit.signal)])
      limit.abort(OVER)
      await client.close()
    },
    close: () => {
      // A program is some seconds about it.
      isOpen = false
      return client.close()
    },
  }
}

/** A server that knows no ping says so, which is an answer too. */
const answersPing = async (client: Client, timeout: number): Promise<boolean> => {
  try {
    await client.ping({ timeout })
    return true
  } catch (error) {
    return error instanceof McpError && error.code === ErrorCode.MethodNotFound
  }
}

/**
 * The SDK's transports would connect again by themselves, but to a server that knows nothing of the session: calls
 * that are under way would wait for ever.
 */
const isLost = (error: Error): boolean =>
  error.constructor.name === 'SseError' || error.message.startsWith('Maximum reconnection attempts')

class ToolList {
  tools: readonly Tool[] = []
  readonly #client: Client
  readonly #timeoutMs: number
  #fetchedAt = 0
  #fetching: Promise<void> | undefined
  #again = false

  constructor(client: Client, timeoutMs: number) {
    this.#client = client
    this.#timeoutMs = timeoutMs
  }

  /** One at a time; what is asked for in between is one more. */
  async fetch(): Promise<void> {
    if (this.#fetching !== undefined) {
      this.#again = true
      return await this.#fetching
    }
    this.#fetching = this.#fetchAll()
    try {
      await this.#fetching
    } finally {
      this.#fetching = undefined
    }
  }

  async fetchIfOld(): Promise<void> {
    if (this.#client.getServerCapabilities()?.tools?.listChanged) return
    if (performance.now() - this.#fetchedAt > LIST_AGE_MS_MAX) await this.fetch()
  }

  async #fetchAll(): Promise<void> {
    do {
      this.#again = false
      this.tools = await this.#pages()
      this.#fetchedAt = performance.now()
    } while (this.#again)
  }

  async #pages(): Promise<Tool[]> {
    if (this.#client.getServerCapabilities()?.tools === undefined) return []
    const tools: Tool[] = []
    let cursor: string | undefined
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const listed = await this.#client.request(
        { method: 'tools/list', params: cursor === undefined ? {} : { cursor } },
        ListToolsResultSchema,
        { timeout: this.#timeoutMs },
      )
      tools.push(...listed.tools)
      if (tools.length > TOOLS_MAX) break
      cursor = listed.nextCursor
      if (cursor === undefined) return byName(tools)
    }
    throw new McpServerError(
      `it has more than ${TOOLS_MAX} tools, or its list does not end`,
      'Use a server with fewer tools.',
    )
  }
}

/** In the same order whatever the server does: providers cache what begins alike. */
const byName = (tools: Tool[]): Tool[] =>
  tools
    // Tools that run as tasks need more than a request and its answer.
    .filter(({ execution }) => execution?.taskSupport !== 'required')
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
