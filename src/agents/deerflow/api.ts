import { AgentError } from '../agent-error.ts'
import { type Frame, PlatformClient, type PlatformRequest } from '../platform-client.ts'
import { type DeerflowSettings, requestHeaders } from './settings.ts'

/** A run as DeerFlow has it: its end, and what it cost. */
export interface RunRecord {
  status?: string
  stop_reason?: string | null
  total_input_tokens?: number
  total_output_tokens?: number
  total_tokens?: number
}

/** A file that DeerFlow has, as its messages name it. */
export interface UploadedFile {
  filename: string
  size: number
  path: string
  status: 'uploaded'
}

/** DeerFlow's gateway: the part of LangGraph's API that it serves, and uploads. */
export class DeerflowApi {
  readonly #client: PlatformClient

  constructor(settings: DeerflowSettings) {
    this.#client = new PlatformClient({
      platform: 'DeerFlow',
      baseUrl: settings.api_base.replace(/\/+$/, ''),
      headers: requestHeaders(settings),
      timeoutMs: settings.timeout * 1000,
      errorOf,
    })
  }

  /** Whether DeerFlow has the thread. @throws AgentError */
  async knows(threadId: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#get(`/threads/${threadId}`, signal)
      return true
    } catch (error) {
      if (isNotFound(error)) return false
      throw error
    }
  }

  /** One that exists stays as it is. @throws AgentError */
  async createThread(threadId: string, signal: AbortSignal): Promise<void> {
    await this.#client.json(`${GRAPH}/threads`, { body: { thread_id: threadId, metadata: {} }, signal })
  }

  /** A new run. `onRun` hears its id before the first frame. @throws AgentError */
  begin(
    threadId: string,
    body: object,
    signal: AbortSignal,
    onRun: (runId: string) => void,
  ): AsyncGenerator<Frame> {
    const onHeaders = (headers: Headers) => {
      const runId = /\/runs\/([^/?]+)/.exec(headers.get('content-location') ?? '')?.[1]
      if (runId !== undefined) onRun(runId)
    }
    return this.#frames(`/threads/${threadId}/runs/stream`, { body, signal, onHeaders })
  }

  /** The frames of a run after the one that came last. @throws AgentError */
  rejoin(
    threadId: string,
    runId: string,
    lastEventId: string | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<Frame> {
    const headers: Record<string, string> = lastEventId === undefined ? {} : { 'last-event-id': lastEventId }
    return this.#frames(`${runPath(threadId, runId)}/stream`, { method: 'GET', headers, signal })
  }

  /** One that has ended already is none the worse. @throws AgentError */
  async cancel(threadId: string, runId: string, signal: AbortSignal): Promise<void> {
    const path = `${GRAPH}${runPath(threadId, runId)}/cancel?action=interrupt`
    await this.#client.tell(path, { signal }).catch((error) => {
      if (!(error instanceof AgentError) || error.status !== 409) throw error
    })
  }

  /** @throws AgentError */
  run(threadId: string, runId: string, signal: AbortSignal): Promise<RunRecord> {
    return this.#get(runPath(threadId, runId), signal)
  }

  /** The thread's state as DeerFlow keeps it. @throws AgentError */
  async values(threadId: string, signal: AbortSignal): Promise<unknown> {
    const { values } = await this.#get<{ values?: unknown }>(`/threads/${threadId}/state`, signal)
    return values
  }

  /** @throws AgentError */
  async upload(threadId: string, file: Blob, filename: string, signal: AbortSignal): Promise<UploadedFile> {
    const form = new FormData()
    form.append('files', file, filename)
    const path = `/api/threads/${threadId}/uploads`
    const { files } = await this.#client.json<{ files?: Record<string, unknown>[] }>(path, {
      body: form,
      signal,
    })
    const [uploaded] = files ?? []
    if (typeof uploaded?.filename !== 'string' || typeof uploaded.virtual_path !== 'string')
      throw new AgentError('PLATFORM_ANSWER_INVALID', 'DeerFlow took a file, but did not say where it is.')
    const { filename: name, virtual_path } = uploaded
    return {
      filename: name,
      size: Number(uploaded.size ?? file.size),
      path: virtual_path,
      status: 'uploaded',
    }
  }

  /** @throws AgentError */
  assistant(assistantId: string, signal: AbortSignal): Promise<{ assistant_id?: unknown }> {
    return this.#get(`/assistants/${encodeURIComponent(assistantId)}`, signal)
  }

  /** A call that changes nothing, by the method of those that do. @throws AgentError */
  async searchAssistants(signal: AbortSignal): Promise<void> {
    await this.#client.json(`${GRAPH}/assistants/search`, { body: { limit: 1 }, signal })
  }

  /** @throws AgentError */
  async model(name: string, signal: AbortSignal): Promise<void> {
    await this.#client.json(`/api/models/${encodeURIComponent(name)}`, { method: 'GET', signal })
  }

  /** A frame's data. @throws AgentError PLATFORM_ANSWER_INVALID */
  parse(frame: Frame): unknown {
    return this.#client.parse(frame)
  }

  #get<T>(path: string, signal: AbortSignal): Promise<T> {
    return this.#client.json<T>(`${GRAPH}${path}`, { method: 'GET', signal })
  }

  #frames(path: string, request: PlatformRequest): AsyncGenerator<Frame> {
    return this.#client.frames(`${GRAPH}${path}`, request, (body) => {
      const said = JSON.stringify(body).slice(0, 200)
      return new AgentError(
        'PLATFORM_ANSWER_INVALID',
        `DeerFlow answered JSON where it has a stream: ${said}`,
      )
    })
  }
}

const GRAPH = '/api/langgraph'

const runPath = (threadId: string, runId: string): string =>
  `/threads/${threadId}/runs/${encodeURIComponent(runId)}`

export const isNotFound = (error: unknown): boolean => error instanceof AgentError && error.status === 404

/** FastAPI's {detail}: a text, {code, message}, or a list of what is wrong with the request. */
const errorOf = (body: unknown): { code?: string; message?: string } | undefined => {
  const { detail } = (body ?? {}) as { detail?: unknown }
  if (typeof detail === 'string') return { message: detail }
  if (Array.isArray(detail)) return { message: detail.map(faultIn).join('; ') }
  const { code, message } = (detail ?? {}) as { code?: unknown; message?: unknown }
  if (typeof message !== 'string') return undefined
  return { message, ...(typeof code === 'string' && { code }) }
}

const faultIn = (fault: unknown): string => {
  const { loc, msg } = (fault ?? {}) as { loc?: unknown; msg?: unknown }
  return `${Array.isArray(loc) ? loc.join('.') : 'request'}: ${String(msg)}`
}
