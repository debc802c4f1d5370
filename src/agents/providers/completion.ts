import { jsonSchema, type ModelMessage, streamText, type ToolSet, tool } from 'ai'
import { OVER } from '../../sleep.ts'
import type { Usage } from '../run-events.ts'
import { Answer, type Completion, type OutputPart } from './answer.ts'
import type { ChatModel } from './chat-model.ts'
import { withAcceptable } from './files.ts'
import { ModelFailure, modelFailure } from './model-failure.ts'
import type { ModelSettings } from './settings.ts'

/** A tool as a model is told of it. */
export interface OfferedTool {
  name: string
  description: string
  /** JSON Schema. */
  parameters: object
}

export interface CompletionRequest {
  /** Left out where it is empty. */
  system: string
  messages: readonly ModelMessage[]
  /** With none of them, calls that a model makes all the same are passed over. */
  tools: readonly OfferedTool[]
  settings: ModelSettings
  /** The model says nothing for this long: PLATFORM_TIMEOUT. */
  timeoutMs: number
  signal: AbortSignal
  /** What it says, as it comes. */
  onPart(part: OutputPart): void
  onUsage(usage: Usage): void
}

/**
 * One single-turn completion: the model is asked once, and no tool is executed.
 * @throws AgentError what went wrong; where the signal aborts, its reason
 */
export const complete = async (chat: ChatModel, request: CompletionRequest): Promise<Completion> => {
  const { system, messages, tools, settings, timeoutMs, signal } = request
  const silence = new AbortController()
  const timer = setTimeout(() => silence.abort(), timeoutMs)
  const answer = new Answer(request.onPart, { withTools: tools.length > 0 })
  try {
    const { fullStream } = streamText({
      model: chat.model,
      ...(system !== '' && { system }),
      messages: withAcceptable(messages, chat),
      ...(tools.length > 0 && { tools: toolSet(tools) }),
      ...callSettings(settings, chat),
      providerOptions: chat.providerOptions,
      maxRetries: 0,
      abortSignal: AbortSignal.any([signal, silence.signal]),
      // Its default writes to the console; the error comes in the stream.
      onError: () => {},
    })
    for await (const part of fullStream) {
      timer.refresh()
      answer.take(part)
    }
    signal.throwIfAborted()
    silence.signal.throwIfAborted()
    const completion = answer.end()
    const { usage } = completion
    if (usage !== undefined) request.onUsage({ model: chat.modelId, ...usage })
    return completion
  } catch (error) {
    signal.throwIfAborted()
    if (silence.signal.aborted)
      throw new ModelFailure(
        'PLATFORM_TIMEOUT',
        `The ${chat.label} said nothing for ${timeoutMs / 1000} s, its timeout.`,
        { cause: error },
      )
    throw modelFailure(chat.label, error)
  } finally {
    clearTimeout(timer)
    // Closes the connection of an answer that was left in the middle.
    silence.abort(OVER)
  }
}

const toolSet = (tools: readonly OfferedTool[]): ToolSet =>
  Object.fromEntries(
    tools.map(({ name, description, parameters }) => [
      name,
      // Without `execute`: the loop that asks is ours.
      tool({ description, inputSchema: jsonSchema(parameters as never) }),
    ]),
  )

const callSettings = (settings: ModelSettings, { isOpenAICompatible }: ChatModel) => {
  const { temperature, top_p, top_k, max_tokens, presence_penalty, frequency_penalty, stop, seed } = settings
  return {
    ...(temperature !== undefined && { temperature }),
    ...(top_p !== undefined && { topP: top_p }),
    // The library leaves it out of OpenAI's API; the model of such a provider has it already.
    ...(top_k !== undefined && !isOpenAICompatible && { topK: top_k }),
    ...(max_tokens !== undefined && { maxOutputTokens: max_tokens }),
    ...(presence_penalty !== undefined && { presencePenalty: presence_penalty }),
    ...(frequency_penalty !== undefined && { frequencyPenalty: frequency_penalty }),
    ...(stop !== undefined && { stopSequences: stop }),
    ...(seed !== undefined && { seed }),
  }
}
