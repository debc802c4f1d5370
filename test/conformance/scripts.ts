import {
  AbstractAgent,
  type AgentSubscriber,
  type BaseEvent,
  type RunAgentInput,
  type RunAgentParameters,
  type RunAgentResult,
} from '@ag-ui/client'
import { EMPTY, type Observable } from 'rxjs'
import { sleep } from '../../src/sleep.ts'
import { type Script, ScriptedAgent } from '../support/agents.ts'

/** An event, one that depends on the run, a moment to wait for, milliseconds to wait, or an error to throw. */
export type Item = object | number | ((input: RunAgentInput) => object) | Promise<unknown> | Error

export const started = ({ threadId, runId }: RunAgentInput) => ({ type: 'RUN_STARTED', threadId, runId })
export const finished = ({ threadId, runId }: RunAgentInput) => ({ type: 'RUN_FINISHED', threadId, runId })

export const message = (messageId: string, ...deltas: string[]): object[] => [
  { type: 'TEXT_MESSAGE_START', messageId, role: 'assistant' },
  ...deltas.map((delta) => ({ type: 'TEXT_MESSAGE_CONTENT', messageId, delta })),
  { type: 'TEXT_MESSAGE_END', messageId },
]

/** Emits the items in their order and ends, with what it has said so far when it is aborted. */
export const script = (...items: Item[]): Script =>
  async function* (input, signal) {
    const aborted = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
    for (const item of items) {
      if (signal.aborted) return
      if (item instanceof Promise) await Promise.race([item, aborted])
      else if (typeof item === 'number') await sleep(item, signal)
      else if (item instanceof Error) await throwLater(item)
      // A copy each time: the peer writes into the RUN_STARTED that it is given.
      else yield structuredClone(typeof item === 'function' ? item(input) : item)
    }
  }

/** An error overtakes the events that AG-UI's client has not handled yet. */
const throwLater = async (error: Error): Promise<never> => {
  await sleep(20)
  throw error
}

/** A run with a start and an end. */
export const whole = (...items: Item[]): Script => script(started, ...items, finished)

export const never = new Promise<never>(() => {})

/** Does not hear that it is to stop. */
export class DeafAgent extends ScriptedAgent {
  override abortRun(): void {}

  override clone(): DeafAgent {
    return new DeafAgent(this.script)
  }
}

/** Cannot be told to stop. */
export class UnstoppableAgent extends ScriptedAgent {
  override abortRun(): void {
    throw new Error('no way to reach it')
  }

  override clone(): UnstoppableAgent {
    return new UnstoppableAgent(this.script)
  }
}

export interface RawRun {
  emit(event: object): void
  input: RunAgentInput
  /** Aborted when the run is stopped. */
  signal: AbortSignal
}

/**
 * An agent with a `runAgent` of its own: AG-UI's client, and with it the verifier, never sees its events on
 * their way to the runner.
 */
export class RawAgent extends AbstractAgent {
  readonly #act: (run: RawRun) => Promise<void> | void
  readonly #aborting = new AbortController()
  /** Whether this very instance was run. */
  ran = false

  constructor(act: (run: RawRun) => Promise<void> | void) {
    super()
    this.#act = act
  }

  // Not async: what `act` throws at once is thrown, and not a rejection.
  override runAgent(parameters?: RunAgentParameters, subscriber?: AgentSubscriber): Promise<RunAgentResult> {
    this.ran = true
    const input = parameters as RunAgentInput
    const { messages, state } = this
    const emit = (event: object) =>
      void subscriber?.onEvent?.({ event: event as BaseEvent, messages, state, agent: this, input })
    const acted = this.#act({ emit, input, signal: this.#aborting.signal })
    return Promise.resolve(acted).then(() => ({ result: undefined, newMessages: [] }))
  }

  override run(): Observable<BaseEvent> {
    return EMPTY
  }

  override abortRun(): void {
    this.#aborting.abort()
  }

  override clone(): RawAgent {
    return new RawAgent(this.#act)
  }
}
