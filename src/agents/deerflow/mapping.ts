import type { RunAgentInput } from '@ag-ui/client'
import type { Interrupt } from '../../run/interrupts.ts'
import { AgentError } from '../agent-error.ts'
import type { RunEvents } from '../run-events.ts'
import { interruptOf, waitOf } from './clarifications.ts'
import { graphInterrupts } from './graph-interrupts.ts'
import { lcMessageIn } from './lc-message.ts'
import type { Pending } from './memory.ts'
import { MessageStream } from './message-stream.ts'
import { PlatformIds } from './platform-ids.ts'
import type { RunFrame } from './run-stream.ts'
import { Tasks } from './tasks.ts'
import { isAsTold, Transcript } from './transcript.ts'

/** Characters of a snapshot's JSON. A log takes events of 1,000,000 bytes, and a character may take three. */
const SNAPSHOT_CHARACTERS_MAX = 300_000

/** Makes a run's events of DeerFlow's frames. */
export class Mapping {
  readonly stream: MessageStream
  readonly #events: RunEvents
  readonly #tasks: Tasks
  readonly #transcript: Transcript
  readonly #clientState: object
  #interrupts: Interrupt[] = []
  #state = ''
  #hasValues = false

  constructor(events: RunEvents, { messages, state }: Pick<RunAgentInput, 'messages' | 'state'>) {
    const ids = new PlatformIds(messages)
    this.#events = events
    this.stream = new MessageStream(events, ids)
    this.#tasks = new Tasks(events, ids)
    this.#transcript = new Transcript(messages, ids)
    this.#clientState = typeof state === 'object' && state !== null && !Array.isArray(state) ? state : {}
  }

  /** @throws AgentError where it is DeerFlow's error */
  take({ mode, namespace, data }: RunFrame): void {
    // Of a subgraph, only what it says to the world: its state and its words are its own.
    if (namespace.length > 0 && mode !== 'custom') return
    switch (mode) {
      case 'messages':
      case 'messages-tuple':
        this.#takeMessage(data)
        break
      case 'values':
        this.takeValues(data)
        break
      case 'custom':
        this.#tasks.take(data)
        break
      case 'error':
        throw errorIn(data)
    }
  }

  /** The thread's state: all but the messages is the client's state too. */
  takeValues(data: unknown): void {
    if (typeof data !== 'object' || data === null) return
    const { messages, __interrupt__, ...state } = data as Record<string, unknown>
    this.#hasValues = true
    this.#interrupts = graphInterrupts(__interrupt__)
    if (Array.isArray(messages))
      this.#transcript.merge(messages.flatMap((message) => lcMessageIn(message) ?? []))
    const snapshot = { ...this.#clientState, ...state }
    const json = JSON.stringify(snapshot)
    if (json === this.#state) return
    this.#state = json
    if (this.#fits('STATE_SNAPSHOT', json)) this.#events.emit({ type: 'STATE_SNAPSHOT', snapshot })
  }

  /** What the run waits for, and what has to be kept of it. */
  waits(): { interrupts: Interrupt[]; pending: Pending } {
    const { asked } = this.stream.clarifications
    return {
      interrupts: [...this.#interrupts, ...asked.map(interruptOf)],
      pending: Object.fromEntries([
        ...this.#interrupts.map(({ id }) => [id, { kind: 'graph' as const }]),
        ...asked.map((one) => [one.requestId, waitOf(one)]),
      ]),
    }
  }

  /** MESSAGES_SNAPSHOT, where the client does not have DeerFlow's messages from their pieces. */
  snapshot(): void {
    if (!this.#hasValues) return
    const { texts, calls, answered, clarifications } = this.stream
    const asked = new Set(clarifications.asked.map(({ toolCallId }) => toolCallId))
    const added = this.#transcript.added(asked)
    const kept = new Set(added.map(({ id }) => id))
    const isWhole =
      added.every((message) => isAsTold(message, texts, calls, answered)) &&
      [...texts.keys()].every((id) => kept.has(id))
    if (isWhole) return
    this.#events.close()
    const messages = this.#transcript.messages(asked)
    if (this.#fits('MESSAGES_SNAPSHOT', JSON.stringify(messages)))
      this.#events.emit({ type: 'MESSAGES_SNAPSHOT', messages })
  }

  #takeMessage(data: unknown): void {
    // [message, metadata]; DeerFlow's API reference shows the message alone.
    const message = lcMessageIn(Array.isArray(data) ? data[0] : data)
    if (message === undefined) {
      const said = JSON.stringify(data).slice(0, 200)
      throw new AgentError('PLATFORM_ANSWER_INVALID', `DeerFlow sent what is no message: ${said}`)
    }
    this.stream.take(message)
  }

  #fits(what: string, json: string): boolean {
    if (json.length <= SNAPSHOT_CHARACTERS_MAX) return true
    const message = `A ${what} of ${json.length} characters was left out: DeerFlow has it.`
    this.#events.custom('notice', { code: 'SNAPSHOT_TOO_LARGE', message })
    return false
  }
}

const errorIn = (data: unknown): AgentError => {
  const { name, error, message } = (data ?? {}) as { name?: unknown; error?: unknown; message?: unknown }
  const code = [name, error].find((one) => typeof one === 'string' && one !== '') ?? 'AGENT_FAILED'
  return new AgentError(
    String(code),
    typeof message === 'string' && message !== '' ? message : JSON.stringify(data),
  )
}
