import { AgentError } from '../agent-error.ts'
import type { RunEvents } from '../run-events.ts'
import { AgentThoughts } from './agent-thoughts.ts'
import { Answer } from './answer.ts'
import { Ending } from './ending.ts'
import type { AskedForm } from './forms.ts'
import type { DifyFrame } from './frame.ts'
import { sayOutput } from './outputs.ts'
import { Pauses } from './pauses.ts'
import { Steps } from './steps.ts'

export interface MappingOptions {
  /** A workflow app, not a chatflow. */
  isWorkflow: boolean
  /** The stream is that of a workflow that goes on after a pause. */
  isResumed?: boolean
  /** Tokens of forms that were answered. */
  answered?: readonly string[]
  outputKey: string
  /** Puts a text in the place of all that the run has said. */
  replace(text: string): Promise<void>
}

/** Dify's frames as AG-UI events: frame by frame, without a connection of its own. */
export class Mapping {
  readonly #events: RunEvents
  readonly #options: MappingOptions
  readonly #answer: Answer
  readonly #thoughts: AgentThoughts
  readonly #steps: Steps
  readonly #ending: Ending
  readonly #pauses: Pauses
  /** The app speaks in `agent_message`: a `message` is then the whole answer once more. */
  #isAgent = false
  /** Of a workflow that has finished. */
  outputs: Record<string, unknown> | undefined

  constructor(events: RunEvents, options: MappingOptions) {
    this.#events = events
    this.#options = options
    this.#answer = new Answer(events)
    this.#thoughts = new AgentThoughts(events, this.#answer)
    this.#steps = new Steps(events)
    this.#ending = new Ending(events, options.isWorkflow || options.isResumed === true)
    this.#pauses = new Pauses(options.answered ?? [])
  }

  /** Whether nothing more is to be read. */
  get isDone(): boolean {
    return this.#pauses.isPaused || this.#ending.isReached
  }

  /** What the workflow waits for; empty where it has ended. */
  get asked(): readonly AskedForm[] {
    return this.#pauses.isPaused ? this.#pauses.asked : []
  }

  /** @throws AgentError with Dify's code */
  async take(frame: DifyFrame): Promise<void> {
    if (frame.event?.startsWith('workflow_')) this.#workflow(frame)
    else if (frame.event?.startsWith('human_input_')) this.#humanInput(frame)
    else await this.#message(frame)
  }

  /**
   * There is nothing more to come.
   * @throws AgentError INCOMPLETE_STREAM, workflow_failed
   */
  end(): void {
    this.#answer.flush()
    if (!this.#pauses.isPaused) this.#ending.end()
  }

  async #message(frame: DifyFrame): Promise<void> {
    const { event, answer, message_id } = frame
    const by = message_id ?? undefined
    switch (event) {
      case 'message':
        if (this.#isAgent) await this.#replace(this.#answer.whole(answer ?? '', by))
        else this.#answer.chunk(answer ?? '', by)
        return
      case 'agent_message':
        this.#isAgent = true
        this.#answer.chunk(answer ?? '', by)
        return
      case 'message_replace':
        await this.#replace(answer ?? '')
        return
      case 'agent_thought':
        this.#thoughts.take(frame)
        return
      case 'message_end':
        this.#messageEnd(frame)
        return
      case 'error':
        throw errorIn(frame)
      default:
        this.#other(frame)
    }
  }

  #other(frame: DifyFrame): void {
    const { event, data, audio, id, type, belongs_to, url } = frame
    switch (event) {
      case 'text_chunk':
        this.#answer.chunk(data?.text ?? '')
        return
      case 'reasoning_chunk':
        this.#answer.flush()
        this.#events.reasoning(data?.reasoning ?? '', data?.node_id ?? undefined)
        if (data?.is_final) this.#events.endReasoning()
        return
      case 'tts_message':
      case 'tts_message_end':
        this.#ending.audio(event === 'tts_message_end')
        this.#events.custom(`dify.${event}`, { audio: audio ?? '' })
        return
      case 'message_file':
        this.#events.custom('dify.message_file', { id, type, belongs_to, url })
        return
      case 'agent_log':
        this.#events.custom('dify.agent_log', data ?? {})
        return
      default:
        // What is left is steps, or an event of a later version.
        this.#steps.take(frame)
    }
  }

  #messageEnd({ metadata, files }: DifyFrame): void {
    const { usage, retriever_resources, annotation_reply } = metadata ?? {}
    if (retriever_resources?.length) this.#events.custom('dify.retriever_resources', retriever_resources)
    if (annotation_reply) this.#events.custom('dify.annotation_reply', annotation_reply)
    if (files?.length) this.#events.custom('dify.files', files)
    this.#ending.answered(usage)
  }

  #workflow(frame: DifyFrame): void {
    switch (frame.event) {
      case 'workflow_started':
        this.#ending.started()
        return
      case 'workflow_paused':
        this.#pauses.paused(frame)
        return
      case 'workflow_finished':
        if (frame.data?.files?.length) this.#events.custom('dify.files', frame.data.files)
        this.#ending.workflow(frame)
        this.#sayOutputs(frame.data?.outputs ?? {})
    }
  }

  #sayOutputs(outputs: Record<string, unknown>): void {
    const { isWorkflow, isResumed, outputKey } = this.#options
    this.#answer.flush()
    if (isWorkflow) {
      this.outputs = outputs
      sayOutput(outputs, outputKey, this.#answer, this.#events)
    } else if (isResumed && this.#answer.isEmpty && typeof outputs.answer === 'string') {
      // It went on before its stream could be followed: what it said then is in its output.
      this.#answer.chunk(outputs.answer)
    }
  }

  #humanInput(frame: DifyFrame): void {
    if (frame.event === 'human_input_required') this.#pauses.required(frame)
    else this.#events.custom(`dify.${frame.event}`, frame.data ?? {})
  }

  async #replace(text: string | undefined): Promise<void> {
    if (text === undefined) return
    this.#answer.flush()
    this.#answer.replaced(text)
    await this.#options.replace(text)
  }
}

const errorIn = ({ code, message, status }: DifyFrame): AgentError =>
  new AgentError(code || 'PLATFORM_REFUSED', `Dify ended the run: ${message || code || 'no reason given'}`, {
    ...(typeof status === 'number' && { status }),
  })
