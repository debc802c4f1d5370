import { EventSourceParserStream } from 'eventsource-parser/stream'
import { messageOf } from '../errors.ts'
import { sleep } from '../sleep.ts'
import { AgentError } from './agent-error.ts'
import { retryAfterMs } from './retry-after.ts'

/** One frame of a Server-Sent Events stream. */
export interface Frame {
  /** Undefined where the platform did not name it. */
  event?: string
  id?: string
  data: string
}

export interface PlatformClientOptions {
  /** For messages: "Dify". */
  platform: string
  /** Where its API begins, without a slash at the end. */
  baseUrl: string
  headers: Record<string, string>
  /** The platform says nothing for this long, not even a ping, at the start or in between: PLATFORM_TIMEOUT. */
  timeoutMs: number
  /** What an error's body says. @default as text */
  errorOf?(body: unknown): { code?: string | number; message?: string } | undefined
}

export interface PlatformRequest {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Sent as JSON; FormData as it is. */
  body?: unknown
  headers?: Record<string, string>
  /** Of the run: its abort closes the connection. */
  signal: AbortSignal
  /** The answer's headers, before its body: some platforms name there what they began. */
  onHeaders?(headers: Headers): void
}

/** Attempts in all where the platform took nothing in hand: it could not be reached, or answered 429. */
const ATTEMPTS_MAX = 3
const RETRY_AFTER_MS_MAX = 30_000
const FRAME_CHARACTERS_MAX = 4_000_000
const ERROR_BODY_CHARACTERS_MAX = 10_000

/**
 * HTTP to a platform, with named errors: PLATFORM_UNREACHABLE, PLATFORM_TIMEOUT, PLATFORM_REFUSED (or the platform's
 * own code), PLATFORM_ANSWER_INVALID. A request is sent again only where the platform has begun nothing with it.
 */
export class PlatformClient {
  readonly #options: PlatformClientOptions

  constructor(options: PlatformClientOptions) {
    this.#options = options
  }

  /** @throws AgentError */
  async json<T>(path: string, request: PlatformRequest): Promise<T> {
    const idle = new Idle(this.#options.timeoutMs)
    try {
      const response = await this.#send(path, request, idle)
      const text = await response.text()
      return this.#parse(text) as T
    } catch (error) {
      throw this.#named(error, idle, request.signal)
    } finally {
      idle.stop()
    }
  }

  /** A request of which only the status matters. @throws AgentError */
  async tell(path: string, request: PlatformRequest): Promise<void> {
    const idle = new Idle(this.#options.timeoutMs)
    try {
      const response = await this.#send(path, request, idle)
      await response.body?.cancel()
    } catch (error) {
      throw this.#named(error, idle, request.signal)
    } finally {
      idle.stop()
    }
  }

  /**
   * The frames of an event stream, as they come. An answer of JSON where a stream was asked for goes to `onJson`,
   * which says what is wrong: platforms tell errors so, under HTTP 200. To leave the loop closes the connection.
   * @throws AgentError
   */
  async *frames(
    path: string,
    request: PlatformRequest,
    onJson?: (body: unknown) => AgentError,
  ): AsyncGenerator<Frame> {
    const idle = new Idle(this.#options.timeoutMs)
    try {
      const response = await this.#send(
        path,
        { ...request, headers: { accept: 'text/event-stream', ...request.headers } },
        idle,
      )
      if (response.headers.get('content-type')?.includes('json')) {
        const body = this.#parse(await response.text())
        throw onJson?.(body) ?? this.#refusal(response.status, body)
      }
      if (response.body === null) return
      const parser = new EventSourceParserStream({
        maxBufferSize: FRAME_CHARACTERS_MAX,
        onError: 'terminate',
      })
      // By bytes, not by frames: pings are comments, or events without data, of which the parser tells nothing.
      const heard = new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          idle.heard()
          controller.enqueue(chunk)
        },
      })
      const stream = response.body
        .pipeThrough(heard)
        .pipeThrough(new TextDecoderStream() as never)
        .pipeThrough(parser)
      for await (const frame of stream as unknown as AsyncIterable<Frame>) yield frame
    } catch (error) {
      throw this.#named(error, idle, request.signal)
    } finally {
      idle.stop()
    }
  }

  /** A frame's data, or any body. @throws AgentError PLATFORM_ANSWER_INVALID */
  #parse(text: string): unknown {
    try {
      return JSON.parse(text)
    } catch (error) {
      throw new AgentError(
        'PLATFORM_ANSWER_INVALID',
        `${this.#options.platform} answered what is no JSON: ${JSON.stringify(text.slice(0, 200))}`,
        { cause: error },
      )
    }
  }

  /** A frame's data as JSON. @throws AgentError PLATFORM_ANSWER_INVALID */
  parse<T>(frame: Frame): T {
    return this.#parse(frame.data) as T
  }

  async #send(path: string, request: PlatformRequest, idle: Idle): Promise<Response> {
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#attempt(path, request, idle)
      if (outcome instanceof Response && outcome.ok) {
        request.onHeaders?.(outcome.headers)
        return outcome
      }
      const pause = attempt < ATTEMPTS_MAX ? pauseBefore(outcome, attempt) : undefined
      if (pause === undefined) {
        if (outcome instanceof Response) throw await this.#refusalOf(outcome)
        throw outcome
      }
      if (outcome instanceof Response) await outcome.body?.cancel()
      idle.stop()
      await sleep(pause, request.signal)
      request.signal.throwIfAborted()
    }
  }

  async #attempt(
    path: string,
    { method = 'POST', body, headers, signal }: PlatformRequest,
    idle: Idle,
  ): Promise<Response | Error> {
    const isForm = body instanceof FormData
    idle.heard()
    try {
      return await fetch(`${this.#options.baseUrl}${path}`, {
        method,
        headers: {
          ...this.#options.headers,
          ...(body !== undefined && !isForm && { 'content-type': 'application/json' }),
          ...headers,
        },
        body: isForm ? body : body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.any([signal, idle.signal]),
      })
    } catch (error) {
      // Anything but a connection that was refused or not found may have reached the platform.
      if (isUnreached(error)) return error as Error
      throw error
    }
  }

  async #refusalOf(response: Response): Promise<AgentError> {
    const text = (await response.text()).slice(0, ERROR_BODY_CHARACTERS_MAX)
    try {
      return this.#refusal(response.status, JSON.parse(text))
    } catch {
      // Not JSON: a proxy's page, mostly.
      return this.#refusal(response.status, text)
    }
  }

  #refusal(status: number, body: unknown): AgentError {
    const { platform, baseUrl, errorOf } = this.#options
    const { code, message } = errorOf?.(body) ?? {}
    const said =
      message ?? (typeof body === 'string' ? body.slice(0, 200) : JSON.stringify(body).slice(0, 200))
    return new AgentError(
      code === undefined || code === '' ? 'PLATFORM_REFUSED' : String(code),
      `${platform} at ${baseUrl} answered ${status}${said === '' ? '' : `: ${said}`}${hintFor(status)}`,
      { status },
    )
  }

  #named(error: unknown, idle: Idle, signal: AbortSignal): unknown {
    if (signal.aborted || error instanceof AgentError) return error
    const { platform, baseUrl, timeoutMs } = this.#options
    if (idle.signal.aborted)
      return new AgentError(
        'PLATFORM_TIMEOUT',
        `${platform} at ${baseUrl} said nothing for ${timeoutMs / 1000} s, its timeout.`,
        { cause: error },
      )
    if (isTooLarge(error))
      return new AgentError(
        'PLATFORM_ANSWER_INVALID',
        `${platform} sent a frame that is too large: ${messageOf(error)}`,
      )
    return new AgentError(
      'PLATFORM_UNREACHABLE',
      `${platform} at ${baseUrl} cannot be reached, or broke off: ${reasonOf(error)}. Is the address right?`,
      { cause: error },
    )
  }
}

/** Aborts when the platform is silent for too long. */
class Idle {
  readonly #abort = new AbortController()
  readonly #timeoutMs: number
  #timer: NodeJS.Timeout | undefined

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs
    this.heard()
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  heard(): void {
    if (this.#timer === undefined) this.#timer = setTimeout(() => this.#abort.abort(), this.#timeoutMs)
    else this.#timer.refresh()
  }

  /** Nothing is expected, until something is heard. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}

/** How long to wait before the same again; undefined where that could do something twice, or would not help. */
const pauseBefore = (outcome: Response | Error, attempt: number): number | undefined => {
  const backOff = 250 * 2 ** attempt
  if (!(outcome instanceof Response)) return backOff
  if (outcome.status !== 429) return undefined
  const after = retryAfterMs(outcome.headers.get('retry-after')) ?? backOff
  return after <= RETRY_AFTER_MS_MAX ? after : undefined
}

const UNREACHED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'])

const codeOf = (error: unknown): string => {
  const { cause } = error as { cause?: { code?: string; errors?: { code?: string }[] } }
  return cause?.code ?? cause?.errors?.[0]?.code ?? ''
}

const isUnreached = (error: unknown): boolean => UNREACHED.has(codeOf(error))

const isTooLarge = (error: unknown): boolean =>
  (error as { type?: string }).type === 'max-buffer-size-exceeded'

const reasonOf = (error: unknown): string => codeOf(error) || messageOf(error)

const hintFor = (status: number): string => {
  if (status === 401 || status === 403) return ' Check the API key.'
  if (status === 404) return ' Check the address and the id.'
  if (status === 429) return ' Too many requests: try again later.'
  return ''
}
