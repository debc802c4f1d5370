import {
  AbstractAgent,
  type AgentConfig,
  type BaseEvent,
  type Message,
  type RunAgentInput,
} from '@ag-ui/client'
import { Observable } from 'rxjs'
import { messageOf, RunnerError } from '../errors.ts'
import { type Logger, stderrLogger } from '../logger.ts'
import { applied } from '../run/applied.ts'
import type { Interrupt } from '../run/interrupts.ts'
import { sleep } from '../sleep.ts'
import { AgentError } from './agent-error.ts'
import { LocalMemories, type RemembersThreads, type ThreadMemory } from './memory.ts'
import { redact } from './redact.ts'
import { RunEvents } from './run-events.ts'

/** A platform is told of a stop for so long while the stopped run waits for it. */
const CANCEL_MS_MAX = 700

/** What an agent's run has to do with. */
export interface AgentRun {
  readonly input: RunAgentInput
  /** Aborts when the run is stopped: for each request that it makes. */
  readonly signal: AbortSignal
  readonly events: RunEvents
  /** What the agent keeps of the thread. */
  readonly memory: ThreadMemory
  readonly logger: Logger
  /**
   * Tells the platform that the run was stopped; the latest one given counts. Its own signal bounds it: a stop that
   * the platform does not take leaves nothing behind.
   */
  onStop(cancel: (signal: AbortSignal) => Promise<void>): void
  /** The thread's messages as a client has them now, with those of this run. */
  messages(): Promise<Message[]>
}

/** How a run ends well: what it gives, or the interrupts that it waits for. */
export type AgentEnd = undefined | { result?: unknown } | { interrupts: Interrupt[] }

export interface StreamingAgentConfig extends AgentConfig {
  /** @default warnings and errors on standard error */
  logger?: Logger
}

/**
 * The base of agents that stream from somewhere else. `play` does the work: the run begins with RUN_STARTED, what
 * `play` left open is closed, and it ends with exactly one terminal event: RUN_FINISHED where `play` returns,
 * RUN_ERROR where it throws (AgentError with its own code), none where the run was stopped: whoever stopped it ends
 * it.
 */
export abstract class StreamingAgent<Settings extends object>
  extends AbstractAgent
  implements RemembersThreads
{
  // No #private fields: clone() makes its object without the constructor, and would have none.
  protected settings: Settings
  private logger: Logger
  private memories = new LocalMemories()
  /** Of the run that comes next on each thread: an instance may have runs on several. */
  private given = new Map<string, ThreadMemory>()
  private aborts = new Set<AbortController>()

  constructor(settings: Settings, { logger = stderrLogger, ...config }: StreamingAgentConfig = {}) {
    super(config)
    this.settings = settings
    this.logger = logger
  }

  /** The run itself. Throws AgentError where it fails. */
  protected abstract play(run: AgentRun): Promise<AgentEnd>

  /** What must never be told: it is taken out of error messages. */
  protected secrets(): readonly string[] {
    return []
  }

  useMemory(threadId: string, memory: ThreadMemory): void {
    this.given.set(threadId, memory)
  }

  override run(input: RunAgentInput): Observable<BaseEvent> {
    return new Observable((subscriber) => {
      const abort = new AbortController()
      this.aborts.add(abort)
      const emitted: BaseEvent[] = []
      const emit = (event: BaseEvent) => {
        emitted.push(event)
        if (!subscriber.closed) subscriber.next(event)
      }
      this.perform(input, emit, emitted, abort.signal).then(
        () => subscriber.complete(),
        (error) => subscriber.error(error),
      )
      return () => {
        this.aborts.delete(abort)
        abort.abort()
      }
    })
  }

  override abortRun(): void {
    for (const abort of this.aborts) abort.abort()
  }

  override clone(): this {
    const cloned: this = super.clone()
    cloned.settings = this.settings
    cloned.logger = this.logger
    cloned.memories = this.memories
    cloned.given = new Map()
    // Its own, so that to abort one of the two leaves the other running.
    cloned.aborts = new Set()
    return cloned
  }

  private async perform(
    input: RunAgentInput,
    emit: (event: BaseEvent) => void,
    emitted: readonly BaseEvent[],
    signal: AbortSignal,
  ): Promise<void> {
    const events = new RunEvents(emit)
    const { threadId, runId } = input
    let cancel: ((signal: AbortSignal) => Promise<void>) | undefined
    const memory = this.given.get(threadId) ?? this.memories.of(threadId)
    this.given.delete(threadId)
    const run: AgentRun = {
      input,
      signal,
      events,
      memory,
      logger: this.logger,
      onStop: (given) => {
        cancel = given
      },
      messages: async () => (await applied([emitted], { messages: input.messages, state: {} })).messages,
    }
    events.emit({ type: 'RUN_STARTED', threadId, runId })
    try {
      const end = await this.play(run)
      if (signal.aborted) return await this.tellStop(cancel)
      events.close()
      const outcome =
        end && 'interrupts' in end ? { type: 'interrupt', interrupts: end.interrupts } : undefined
      if (outcome !== undefined) await snapshot(input, emitted, events)
      const result = end && 'result' in end ? end.result : undefined
      events.emit({
        type: 'RUN_FINISHED',
        threadId,
        runId,
        ...(outcome !== undefined && { outcome }),
        ...(result !== undefined && { result }),
      })
    } catch (error) {
      if (signal.aborted) return await this.tellStop(cancel)
      this.fail(events, error)
    }
  }

  private fail(events: RunEvents, error: unknown): void {
    const message = redact(messageOf(error), this.secrets())
    const known = error instanceof AgentError || error instanceof RunnerError
    events.closeFailed(message)
    events.emit({ type: 'RUN_ERROR', message, code: known ? error.code : 'AGENT_FAILED' })
  }

  private async tellStop(cancel: ((signal: AbortSignal) => Promise<void>) | undefined): Promise<void> {
    if (cancel === undefined) return
    const limit = new AbortController()
    const told = cancel(limit.signal).catch((error) => {
      this.logger.warn('A platform was not told that its run was stopped', {
        agent: this.agentId,
        error: redact(messageOf(error), this.secrets()),
      })
    })
    await Promise.race([told, sleep(CANCEL_MS_MAX, limit.signal)])
    limit.abort()
    await told
  }
}

/** A client that resumes needs the thread as it is now: AG-UI wants both before an interrupt. */
const snapshot = async (
  input: RunAgentInput,
  emitted: readonly BaseEvent[],
  events: RunEvents,
): Promise<void> => {
  const { messages, state } = await applied([emitted], { messages: input.messages, state: input.state ?? {} })
  events.emit({ type: 'STATE_SNAPSHOT', snapshot: state })
  events.emit({ type: 'MESSAGES_SNAPSHOT', messages })
}
