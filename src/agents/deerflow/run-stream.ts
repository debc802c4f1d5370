import { AgentError } from '../agent-error.ts'
import type { Frame } from '../platform-client.ts'
import type { DeerflowApi } from './api.ts'

/** What a frame brings: the stream mode, and where in the graph, from the root. */
export interface RunFrame {
  mode: string
  namespace: readonly string[]
  data: unknown
}

/**
 * One run's frames, up to DeerFlow's `end`. A connection that breaks is rejoined once, behind the last frame that
 * came.
 */
export class RunStream {
  /** Undefined until DeerFlow has begun the run. */
  runId: string | undefined
  rejoined = false
  /** Frames were lost: DeerFlow keeps a limited number of them. Its state has what they told. */
  gap = false
  readonly #api: DeerflowApi
  readonly #threadId: string
  readonly #signal: AbortSignal
  #lastEventId: string | undefined
  #ended = false

  constructor(api: DeerflowApi, threadId: string, signal: AbortSignal) {
    this.#api = api
    this.#threadId = threadId
    this.#signal = signal
  }

  /** @throws AgentError */
  async *frames(body: object): AsyncGenerator<RunFrame> {
    const begun = this.#api.begin(this.#threadId, body, this.#signal, (runId) => {
      this.runId = runId
    })
    const broken = yield* this.#untilBroken(begun)
    if (broken === undefined || this.runId === undefined) return
    this.rejoined = true
    const joined = this.#api.rejoin(this.#threadId, this.runId, this.#lastEventId, this.#signal)
    const again = yield* this.#untilBroken(joined, broken)
    if (again !== undefined) throw again
  }

  /** Ends the run at DeerFlow, where it has begun and was not seen to end. @throws AgentError */
  async cancel(signal: AbortSignal): Promise<void> {
    if (this.runId === undefined || this.#ended) return
    await this.#api.cancel(this.#threadId, this.runId, signal)
  }

  /** What broke it, where that may be mended. @throws AgentError where it may not */
  async *#untilBroken(
    frames: AsyncGenerator<Frame>,
    before?: AgentError,
  ): AsyncGenerator<RunFrame, AgentError | undefined> {
    try {
      for await (const frame of frames) {
        const told = this.#read(frame)
        if (this.#ended) return undefined
        if (told === 'gap') break
        if (told !== undefined) yield told
      }
    } catch (error) {
      if (!this.#isMendable(error)) throw before === undefined ? error : notRejoined(error, before)
      return error
    }
    return new AgentError('PLATFORM_ANSWER_INVALID', 'DeerFlow’s stream ended without its last frame, “end”.')
  }

  /** Before a run has its id, nothing can be rejoined. */
  #isMendable(error: unknown): error is AgentError {
    const broke = error instanceof AgentError && error.code === 'PLATFORM_UNREACHABLE'
    return broke && this.runId !== undefined && !this.rejoined && !this.#signal.aborted
  }

  #read(frame: Frame): RunFrame | 'gap' | undefined {
    if (frame.id) this.#lastEventId = frame.id
    const [mode = '', ...namespace] = (frame.event ?? '').split('|')
    // Before its data is read: that is null, {} or nothing.
    if (mode === 'end') this.#ended = true
    if (mode === 'end' || frame.data === '') return undefined
    const data = this.#api.parse(frame)
    if (mode === 'metadata') return this.#readMetadata(data)
    if (mode === 'gap') return this.#readGap(data)
    // The run is over; it need not be cancelled.
    if (mode === 'error') this.runId = undefined
    return { mode, namespace, data }
  }

  #readMetadata(data: unknown): undefined {
    const { run_id } = (data ?? {}) as { run_id?: unknown }
    if (typeof run_id === 'string') this.runId = run_id
  }

  #readGap(data: unknown): 'gap' {
    const { latest_available_event_id: latest } = (data ?? {}) as { latest_available_event_id?: unknown }
    this.gap = true
    if (typeof latest === 'string') this.#lastEventId = latest
    return 'gap'
  }
}

/** A refusal is of the rejoining, not of the run. */
const notRejoined = (error: unknown, before: AgentError): unknown =>
  error instanceof AgentError && error.status !== undefined
    ? new AgentError(before.code, `${before.message} The run could not be rejoined: ${error.message}`)
    : error
