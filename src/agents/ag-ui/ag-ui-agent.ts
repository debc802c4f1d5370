import type { AgentError } from '../agent-error.ts'
import { secretsInHeaders, secretsInQuery } from '../header-secrets.ts'
import { PlatformClient } from '../platform-client.ts'
import {
  type AgentEnd,
  type AgentRun,
  StreamingAgent,
  type StreamingAgentConfig,
} from '../streaming-agent.ts'
import { invalid } from './event-schema.ts'
import { Relay } from './relay.ts'
import type { AgUiSettings } from './settings.ts'

/**
 * An agent behind an AG-UI endpoint. What HttpAgent does, with errors that have names, a time-out, and a run that
 * always ends: the endpoint gets the run's input whole, and its events are ours.
 */
export class AgUiAgent extends StreamingAgent<AgUiSettings> {
  /** A worker adds the request headers that it may pass on, as for HttpAgent. */
  headers: Record<string, string>

  constructor(settings: AgUiSettings, config?: StreamingAgentConfig) {
    super(settings, config)
    this.headers = { ...settings.headers }
  }

  override clone(): this {
    const cloned = super.clone()
    cloned.headers = { ...this.headers }
    return cloned
  }

  protected override secrets(): readonly string[] {
    return [...secretsInHeaders(this.requestHeaders()), ...secretsInQuery(this.settings.url)]
  }

  protected override async play({ input, signal, events }: AgentRun): Promise<AgentEnd> {
    const { url, timeout } = this.settings
    const client = new PlatformClient({
      platform: 'The AG-UI endpoint',
      baseUrl: url,
      headers: this.requestHeaders(),
      timeoutMs: timeout * 1000,
      errorOf,
    })
    const relay = new Relay(events, input)
    for await (const frame of client.frames('', { body: input, signal }, notAStream)) {
      if (frame.data === '') continue
      if (relay.take(client.parse(frame))) return relay.end
    }
    throw invalid('ended its answer without RUN_FINISHED or RUN_ERROR.')
  }

  /** Their names in small letters: a header in two spellings would be sent as one, with both values. */
  private requestHeaders(): Record<string, string> {
    return { ...inSmallLetters(this.headers), ...inSmallLetters(this.settings.headers) }
  }
}

const inSmallLetters = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

/** The forms of web frameworks: {detail}, {error}, {message}, {error: {code, message}}. */
export const errorOf = (body: unknown): { code?: string; message?: string } | undefined => {
  const { error, detail, message } = (body ?? {}) as Record<string, unknown>
  const said = error ?? detail ?? message
  if (typeof said === 'string') return { message: said }
  const { code, message: own } = (said ?? {}) as Record<string, unknown>
  return typeof own === 'string' ? { message: own, ...(typeof code === 'string' && { code }) } : undefined
}

const notAStream = (body: unknown): AgentError =>
  invalid(`answered JSON where a stream of events was asked for: ${JSON.stringify(body).slice(0, 200)}`)
