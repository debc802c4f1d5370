import type { CallToolResult, Tool } from '@modelcontextprotocol/sdk/types.js'
import { ErrorCode, McpError } from '@modelcontextprotocol/sdk/types.js'
import { messageOf } from '../../../../errors.ts'
import type { Logger } from '../../../../logger.ts'
import { sleep } from '../../../../sleep.ts'
import { TOO_SLOW } from '../guarded-call.ts'
import type { McpServerSettings } from '../settings.ts'
import { codeOf, statusOf } from './describe-failure.ts'
import { McpServerError } from './mcp-error.ts'
import { placeOf, withoutSecrets } from './server-secrets.ts'
import { type McpSession, openSession } from './session.ts'
import { ANSWER_LOST } from './transport.ts'

/** After the first attempt: to connect, and to call what the server has certainly not begun. */
const RECONNECTS_MAX = 2
const PAUSE_MS = 200
const ERROR_CHARACTERS_MAX = 2000
/** A server that could not be connected to is not asked again for so long: each run would wait for it. */
const DOWN_MS = 10_000

/** A server, through as many sessions as it takes. Shared by the runs of a process. */
export class McpConnection {
  readonly #settings: McpServerSettings
  readonly #logger: Logger
  readonly #listeners = new Set<() => void>()
  readonly #closed = new AbortController()
  #session: McpSession | undefined
  #known: readonly Tool[] = []
  #wasOpen = false
  #probing: Promise<void> | undefined
  #opening: Promise<McpSession> | undefined
  #down: { error: unknown; until: number } | undefined

  constructor(settings: McpServerSettings, logger: Logger) {
    this.#settings = settings
    this.#logger = logger
  }

  /** What the server has now; connects where there is no connection. @throws McpServerError */
  async tools(): Promise<readonly Tool[]> {
    const session = await this.#open()
    await session.refresh().catch((error) => this.#warn('The list of tools could not be refreshed', error))
    this.#known = session.tools
    return session.tools
  }

  /** What is known without asking; while there is no connection, what was known last. */
  get knownTools(): readonly Tool[] {
    return this.#known
  }

  /** Tells of a changed list; the answer ends that. */
  onToolsChanged(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /**
   * Calls a tool. Where the connection is lost, it is made anew, and the tool called again if that cannot act twice:
   * the server had not begun, or says that the tool bears it.
   * @throws McpServerError, or what the server answered
   */
  async call(tool: Tool, args: unknown, signal: AbortSignal): Promise<CallToolResult> {
    for (let reconnects = 0; ; reconnects += 1) {
      const session = await this.#open()
      signal.throwIfAborted()
      try {
        return await session.call(tool.name, args, { signal })
      } catch (error) {
        if (signal.reason === TOO_SLOW) this.#probe(session)
        signal.throwIfAborted()
        const fate = fateOf(error, session)
        if (fate === 'answered') throw new Error(this.#said(error), { cause: error })
        // A lost stream is one call's; others may go on in theirs.
        if (!isOneStream(error)) this.#drop(session)
        if (fate === 'lost' && !bearsTwice(tool)) throw lost()
        if (reconnects === RECONNECTS_MAX) throw unreachable(this.#said(error))
      }
    }
  }

  async close(): Promise<void> {
    this.#closed.abort()
    this.#listeners.clear()
    const session = this.#session
    this.#session = undefined
    await session?.end()
  }

  /** One attempt at a time, whoever waits for it. */
  async #open(): Promise<McpSession> {
    if (this.#session?.isOpen) return this.#session
    if (this.#down !== undefined && performance.now() < this.#down.until) throw this.#down.error
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = undefined
    })
    return await this.#opening
  }

  async #connect(): Promise<McpSession> {
    for (let reconnects = 0; ; reconnects += 1) {
      const from = performance.now()
      try {
        const session = await openSession({
          settings: this.#settings,
          logger: this.#logger,
          onToolsChanged: () => this.#tellChanged(),
          signal: this.#closed.signal,
        })
        if (this.#closed.signal.aborted) await session.close()
        this.#closed.signal.throwIfAborted()
        this.#session = session
        this.#down = undefined
        if (this.#wasOpen) this.#tellChanged()
        this.#wasOpen = true
        return session
      } catch (error) {
        this.#closed.signal.throwIfAborted()
        // One that let us wait for its whole time would do so again.
        const isSlow = performance.now() - from >= this.#settings.connect_timeout * 1000
        if (isSlow || reconnects === RECONNECTS_MAX) {
          this.#down = { error, until: performance.now() + DOWN_MS }
          this.#warn('An MCP server cannot be used', error)
          throw error
        }
        await sleep(PAUSE_MS * 2 ** reconnects, this.#closed.signal)
      }
    }
  }

  /** A connection may be gone without a word, and every call of it would take its whole time. */
  #probe(session: McpSession): void {
    this.#probing ??= session
      .answers()
      .then((isThere) => {
        if (isThere || !session.isOpen) return
        this.#warn('An MCP server does not answer; it is connected to again', 'no answer to a ping')
        this.#drop(session)
      })
      .finally(() => {
        this.#probing = undefined
      })
  }

  #drop(session: McpSession): void {
    if (this.#session === session) this.#session = undefined
    session.close().catch((error) => this.#warn('An MCP session could not be closed', error))
  }

  #tellChanged(): void {
    this.#known = this.#session?.tools ?? this.#known
    for (const listener of this.#listeners) listener()
  }

  #warn(message: string, error: unknown): void {
    this.#logger.warn(message, { server: placeOf(this.#settings), error: this.#said(error) })
  }

  /** An HTTP error's message may be a whole page. */
  #said(error: unknown): string {
    return withoutSecrets(messageOf(error), this.#settings).slice(0, ERROR_CHARACTERS_MAX)
  }
}

/** What became of a request: the server answered it, has certainly not begun with it, or nobody knows. */
const fateOf = (error: unknown, session: McpSession): 'answered' | 'not begun' | 'lost' => {
  if (error instanceof McpError) {
    if (error.code === ANSWER_LOST) return 'lost'
    // Servers use the code of a closed connection for errors of their own.
    return error.code === ErrorCode.ConnectionClosed && !session.isOpen ? 'lost' : 'answered'
  }
  // Zod's: the server answered what is no result.
  if (Array.isArray((error as { issues?: unknown }).issues)) return 'answered'
  const status = statusOf(error)
  // What servers say to a session that they do not know, since they were started anew.
  if (status === 404 || status === 400) return 'not begun'
  if (status !== undefined) return 'answered'
  const code = codeOf(error)
  if (messageOf(error) === 'Not connected' || code === 'ECONNREFUSED' || code === 'ENOTFOUND')
    return 'not begun'
  return 'lost'
}

const isOneStream = (error: unknown): boolean => error instanceof McpError && error.code === ANSWER_LOST

const bearsTwice = ({ annotations }: Tool): boolean =>
  annotations?.readOnlyHint === true || annotations?.idempotentHint === true

const lost = (): McpServerError =>
  new McpServerError(
    'the connection was lost before the answer came; the tool may have done its work or not, and was not called again',
    'See why the server ended.',
  )

const unreachable = (why: string): McpServerError =>
  new McpServerError(`the connection was lost again and again: ${why}`, 'See why the server ends.')
