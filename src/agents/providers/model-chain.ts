import type { Logger } from '../../logger.ts'
import { sleep } from '../../sleep.ts'
import type { Completion } from './answer.ts'
import { type ChatModel, chatModel, type ModelChoice } from './chat-model.ts'
import { type CompletionRequest, complete } from './completion.ts'
import { ModelFailure, modelFailure } from './model-failure.ts'
import type { ModelSettings } from './settings.ts'

/** Attempts in all at one provider, where what failed may pass. */
const ATTEMPTS_MAX = 3
const BACK_OFF_MS = 250
const RETRY_AFTER_MS_MAX = 30_000
/** A model that answers nothing is asked so often again. */
const SILENT_AGAIN_MAX = 3

export interface ModelChainOptions {
  /** The first one, then those that stand in for it, in order; at least one. */
  choices: readonly ModelChoice[]
  settings: ModelSettings
  logger: Logger
  /** Another provider is asked from now on. */
  onFallback(failure: ModelFailure | Error, next: ModelChoice): void
}

/**
 * The models of a run. A call that failed is made again, or made to the next provider, only where nobody has seen
 * anything of it; the provider that answered at last is asked for the rest of the run.
 */
export class ModelChain {
  readonly #options: ModelChainOptions
  #at = 0
  #model: ChatModel | undefined

  constructor(options: ModelChainOptions) {
    this.#options = options
  }

  /** @throws AgentError of the last provider */
  async complete(request: Omit<CompletionRequest, 'settings'>): Promise<Completion> {
    const { choices, settings, logger, onFallback } = this.#options
    for (;;) {
      const choice = choices[this.#at]!
      const seen = { output: false }
      try {
        this.#model ??= await chatModel(choice, settings, logger)
        return await persist(this.#model, { ...request, settings }, seen)
      } catch (error) {
        request.signal.throwIfAborted()
        const failure = modelFailure(`model ${choice.modelId}`, error)
        const next = choices[this.#at + 1]
        if (seen.output || next === undefined) throw failure
        this.#at += 1
        this.#model = undefined
        onFallback(failure, next)
      }
    }
  }
}

/** One provider, with patience. */
const persist = async (
  model: ChatModel,
  request: CompletionRequest,
  seen: { output: boolean },
): Promise<Completion> => {
  const watched: CompletionRequest = {
    ...request,
    onPart: (part) => {
      seen.output = true
      request.onPart(part)
    },
  }
  let silent = 0
  for (let attempt = 1; ; ) {
    try {
      const completion = await complete(model, watched)
      if (seen.output || !completion.isSilent) return completion
      silent += 1
      if (silent > SILENT_AGAIN_MAX || !isWorthAsking(completion)) throw silence(model, completion, silent)
    } catch (error) {
      request.signal.throwIfAborted()
      const pause = seen.output || attempt >= ATTEMPTS_MAX ? undefined : pauseAfter(error, attempt)
      if (pause === undefined) throw error
      attempt += 1
      await sleep(pause, request.signal)
      request.signal.throwIfAborted()
    }
  }
}

const pauseAfter = (error: unknown, attempt: number): number | undefined => {
  if (!(error instanceof ModelFailure) || !error.again) return undefined
  const pause = error.retryAfterMs ?? BACK_OFF_MS * 2 ** attempt
  return pause <= RETRY_AFTER_MS_MAX ? pause : undefined
}

/** A filter would filter again, and a limit would be reached again. */
const isWorthAsking = ({ finishReason }: Completion): boolean =>
  finishReason !== 'content-filter' && finishReason !== 'length'

const silence = (
  { label, modelId }: ChatModel,
  { finishReason }: Completion,
  times: number,
): ModelFailure => {
  if (finishReason === 'content-filter')
    return new ModelFailure(
      'content_filter',
      `The ${label} kept back the answer of ${modelId}: its content filter.`,
    )
  if (finishReason === 'length')
    return new ModelFailure(
      'PLATFORM_ANSWER_INVALID',
      `The model ${modelId} of the ${label} reached its limit of output before it said anything. Raise max_tokens.`,
    )
  return new ModelFailure(
    'PLATFORM_ANSWER_INVALID',
    `The model ${modelId} of the ${label} answered nothing, ${times} times.`,
  )
}
