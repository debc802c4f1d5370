import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { extractReasoningMiddleware, type LanguageModel, wrapLanguageModel } from 'ai'
import { RunnerError } from '../../errors.ts'
import type { Logger } from '../../logger.ts'
import { checkedFetch } from './checked-fetch.ts'
import { loadFactory } from './load-package.ts'
import { type ModelSettings, type ProviderSettings, placeOf } from './settings.ts'

type Model = Exclude<LanguageModel, string>

/** A model of a provider, as an agent asks it. */
export interface ChatModel {
  /** For messages: `provider "main" at https://…`. */
  label: string
  modelId: string
  model: Model
  /** Addresses of files that the provider fetches itself, by media type. */
  addresses: Record<string, RegExp[]>
  /** Whether it speaks OpenAI's chat API, which takes some kinds of files only. */
  isOpenAICompatible: boolean
  providerOptions: Record<string, Record<string, never>>
}

/** A provider to ask, by its id where it has one. */
export interface ModelChoice {
  id?: string
  provider: ProviderSettings
  modelId: string
}

/** @throws RunnerError PACKAGE_MISSING, CONFIG_INVALID */
export const chatModel = async (
  { id, provider, modelId }: ModelChoice,
  settings: Pick<ModelSettings, 'provider_options' | 'top_k'>,
  logger: Logger,
): Promise<ChatModel> => {
  const isOpenAICompatible = provider.type === 'openai-compatible'
  const model = isOpenAICompatible
    ? openAICompatible(provider, modelId, settings)
    : warningsTo(logger, await fromPackage(provider, modelId), modelId)
  return {
    label: `provider${id === undefined ? '' : ` "${id}"`} at ${placeOf(provider)}`,
    modelId,
    model: withReasoning(model, provider.reasoning_tag),
    addresses: model.specificationVersion === 'v3' ? await model.supportedUrls : {},
    isOpenAICompatible,
    providerOptions: isOpenAICompatible ? {} : (settings.provider_options as Record<string, never>),
  }
}

const openAICompatible = (
  provider: ProviderSettings,
  modelId: string,
  { provider_options, top_k }: Pick<ModelSettings, 'provider_options' | 'top_k'>,
): Model => {
  const more = { ...(top_k !== undefined && { top_k }), ...provider_options }
  const create = createOpenAICompatible({
    // What Gemini signs its calls with goes back to it under this name only.
    name: placeOf(provider).includes('.googleapis.com/') ? 'google' : 'openaiCompatible',
    baseURL: placeOf(provider),
    ...(provider.api_key !== undefined && { apiKey: provider.api_key }),
    headers: provider.headers,
    includeUsage: true,
    // The library would else fetch what an address names: whoever writes to the agent would choose what a worker reads.
    supportedUrls: () => ({ 'image/*': [/^https?:\/\//] }),
    transformRequestBody: (body) => withMore(body, more),
    fetch: checkedFetch(placeOf(provider)),
  })
  return create.chatModel(modelId)
}

/** OpenAI refuses what is about tools where there are none, as in an agent's last step. */
const withMore = (
  body: Record<string, unknown>,
  { tool_choice, parallel_tool_calls, ...more }: Record<string, unknown>,
): Record<string, unknown> => ({
  ...body,
  ...more,
  ...(body.tools !== undefined && {
    ...(tool_choice !== undefined && { tool_choice }),
    ...(parallel_tool_calls !== undefined && { parallel_tool_calls }),
  }),
})

const fromPackage = async (provider: ProviderSettings, modelId: string): Promise<Model> => {
  const { package: name = '', factory, base_url, api_key, headers, options } = provider
  const create = await loadFactory(name, factory)
  const source = create({
    ...(base_url !== undefined && { baseURL: base_url }),
    ...(api_key !== undefined && { apiKey: api_key }),
    ...(Object.keys(headers).length > 0 && { headers }),
    ...options,
  })
  if (typeof source?.languageModel === 'function') return source.languageModel(modelId) as Model
  throw new RunnerError(
    'CONFIG_INVALID',
    `What the package "${name}" makes has no languageModel(): it is no AI SDK provider, or factory names another export.`,
  )
}

const withReasoning = (model: Model, tagName: string | undefined): Model => {
  if (tagName === undefined || model.specificationVersion !== 'v3') return model
  return wrapLanguageModel({ model, middleware: extractReasoningMiddleware({ tagName }) })
}

/** The library would write them to the console of whoever runs the worker. */
const warningsTo = (logger: Logger, model: Model, modelId: string): Model => {
  if (model.specificationVersion !== 'v3') return model
  return wrapLanguageModel({
    model,
    middleware: {
      specificationVersion: 'v3',
      wrapStream: async ({ doStream }) => {
        const result = await doStream()
        const stream = result.stream.pipeThrough(
          new TransformStream({
            transform: (part, controller) => {
              if (part.type !== 'stream-start' || part.warnings.length === 0) return controller.enqueue(part)
              logger.warn('A chat provider does not take all that it was given', {
                model: modelId,
                warnings: part.warnings,
              })
              controller.enqueue({ ...part, warnings: [] })
            },
          }),
        )
        return { ...result, stream }
      },
    },
  })
}
