import { randomUUID } from 'node:crypto'
import type { AssistantContent, LanguageModelUsage, ProviderMetadata, TextStreamPart, ToolSet } from 'ai'
import type { Usage } from '../run-events.ts'

/** A piece of what a model says. `by` tells one message or thought from the next. */
export type OutputPart =
  | { type: 'text' | 'reasoning'; delta: string; by: string }
  | { type: 'call-start'; id: string; name: string }
  | { type: 'call-args'; id: string; delta: string }
  | { type: 'call-end'; id: string }
  /** What the provider wants back with the thought that is open, or with the call of this id. */
  | { type: 'signature'; of: 'reasoning' | { callId: string }; value: ProviderMetadata }
  | { type: 'source'; value: object }
  /** What a chat cannot show, such as a picture that the model made. */
  | { type: 'left-out'; what: string }

/** A tool call as the model made it. */
export interface ModelCall {
  id: string
  name: string
  /** JSON as the model wrote it; `{}` where it wrote nothing. */
  args: string
}

export interface Completion {
  /** The assistant's message for the next call of the model. */
  content: Exclude<AssistantContent, string>
  /** In the model's order. */
  calls: ModelCall[]
  usage: Usage | undefined
  finishReason: string
  /** Whether the model said nothing that anybody could see, not even a thought. */
  isSilent: boolean
}

type StreamPart = TextStreamPart<ToolSet>
type ContentPart = Completion['content'][number]
type SpokenPart = Extract<ContentPart, { type: 'text' | 'reasoning' }>
interface OpenCall extends ModelCall {
  ended: boolean
  at: number
}

/** Puts together one answer of a model, and tells its pieces as they come. Ids are ours: providers use theirs again. */
export class Answer {
  readonly #onPart: (part: OutputPart) => void
  readonly #withTools: boolean
  readonly #content: ContentPart[] = []
  readonly #open = new Map<string, SpokenPart>()
  /** By the provider's id. */
  readonly #calls = new Map<string, OpenCall>()
  #usage: Usage | undefined
  #finishReason: string | undefined
  #spoke = false

  constructor(onPart: (part: OutputPart) => void, { withTools }: { withTools: boolean }) {
    this.#onPart = onPart
    this.#withTools = withTools
  }

  /** Throws what came as an error. */
  take(part: StreamPart): void {
    switch (part.type) {
      case 'text-start':
      case 'reasoning-start':
      case 'text-delta':
      case 'reasoning-delta':
      case 'text-end':
      case 'reasoning-end':
        this.#text(part)
        return
      case 'tool-input-start':
      case 'tool-input-delta':
      case 'tool-input-end':
      case 'tool-call':
        if (this.#withTools) this.#call(part)
        return
      case 'source':
        {
          const { type: _, ...value } = part
          this.#onPart({ type: 'source', value })
        }
        return
      case 'file':
        this.#onPart({ type: 'left-out', what: `a file of type ${part.file.mediaType}` })
        return
      case 'finish-step':
        this.#usage = usageOf(part.usage, part.response.modelId)
        this.#finishReason = part.finishReason
        return
      case 'error':
        throw part.error
    }
  }

  end(): Completion {
    const calls = [...this.#calls.values()].sort((a, b) => a.at - b.at)
    return {
      content: this.#content.filter((part) => part.type !== 'text' || part.text !== ''),
      calls: calls.map(({ id, name, args }) => ({ id, name, args })),
      usage: this.#usage,
      finishReason: this.#finishReason ?? 'other',
      isSilent: !this.#spoke && calls.length === 0,
    }
  }

  #text(part: Extract<StreamPart, { type: `${'text' | 'reasoning'}-${string}` }>): void {
    const kind = part.type.startsWith('text') ? 'text' : 'reasoning'
    const key = `${kind}:${part.id}`
    const known = part.type.endsWith('-start') ? undefined : this.#open.get(key)
    const open: SpokenPart = known ?? { type: kind, text: '' }
    if (known === undefined) {
      this.#open.set(key, open)
      this.#content.push(open)
    }
    // What some providers want back with it: signatures of thoughts, for one.
    if (part.providerMetadata !== undefined) open.providerOptions = part.providerMetadata
    if (part.type === 'reasoning-end' && open.text !== '' && open.providerOptions !== undefined)
      this.#onPart({ type: 'signature', of: 'reasoning', value: open.providerOptions })
    if (!('text' in part) || part.text === '') return
    open.text += part.text
    this.#spoke = true
    this.#onPart({ type: kind, delta: part.text, by: `${this.#content.indexOf(open)}` })
  }

  #call(part: Extract<StreamPart, { type: `tool-input-${string}` | 'tool-call' }>): void {
    switch (part.type) {
      case 'tool-input-start':
        this.#startCall(part.id, part.toolName)
        return
      case 'tool-input-delta': {
        const call = this.#calls.get(part.id)
        if (call !== undefined) this.#addArgs(call, part.delta)
        return
      }
      case 'tool-call': {
        const call = this.#calls.get(part.toolCallId) ?? this.#startCall(part.toolCallId, part.toolName)
        if (call.args === '') this.#addArgs(call, textOf(part.input))
        this.#endCall(call, part.input, part.providerMetadata)
      }
    }
  }

  #startCall(providerId: string, name: string): OpenCall {
    const call = { id: randomUUID(), name, args: '', ended: false, at: this.#calls.size }
    this.#calls.set(providerId, call)
    this.#onPart({ type: 'call-start', id: call.id, name })
    return call
  }

  #addArgs(call: OpenCall, delta: string): void {
    if (delta === '') return
    call.args += delta
    this.#onPart({ type: 'call-args', id: call.id, delta })
  }

  #endCall(call: OpenCall, input: unknown, metadata: ProviderMetadata | undefined): void {
    if (call.ended) return
    call.ended = true
    this.#onPart({ type: 'call-end', id: call.id })
    if (metadata !== undefined) this.#onPart({ type: 'signature', of: { callId: call.id }, value: metadata })
    this.#content.push({
      type: 'tool-call',
      toolCallId: call.id,
      toolName: call.name,
      input: argumentsOf(input),
      ...(metadata !== undefined && { providerOptions: metadata }),
    })
  }
}

/** A model that calls a tool without arguments often writes nothing at all, which is no JSON. */
const textOf = (input: unknown): string => {
  if (typeof input === 'string') return input === '' ? '{}' : input
  return JSON.stringify(input ?? {})
}

/** What a model reads of its own call: templates of open models fail on anything but an object. */
export const argumentsOf = (input: unknown): unknown => {
  if (typeof input === 'object' && input !== null && !Array.isArray(input)) return input
  return input === undefined || input === '' ? {} : { not_an_object: input }
}

const usageOf = (usage: LanguageModelUsage, model: string): Usage | undefined => {
  const { inputTokens, outputTokens, totalTokens } = usage
  if (inputTokens === undefined && outputTokens === undefined && totalTokens === undefined) return undefined
  return {
    ...(inputTokens !== undefined && { inputTokens }),
    ...(outputTokens !== undefined && { outputTokens }),
    ...(totalTokens !== undefined && { totalTokens }),
    ...(model !== '' && { model }),
  }
}
