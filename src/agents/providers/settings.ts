import { z } from 'zod'
import { secretsInHeaders } from '../header-secrets.ts'
import { headersSetting } from '../header-settings.ts'

const OPENAI = 'https://api.openai.com/v1'

/** A chat provider: one single-turn completion. What thinks and acts with it is an agent. */
export const providerSettings = z
  .strictObject({
    type: z
      .enum(['openai-compatible', 'package'])
      .default('openai-compatible')
      .describe(
        'openai-compatible: anything with POST {base_url}/chat/completions; package: an AI SDK provider from npm',
      ),
    base_url: z
      .url({ protocol: /^https?$/ })
      .refine((url) => !/^\w+:\/\/[^/]*@/.test(url), 'it must not hold a user; put that into headers')
      .optional()
      .describe(
        `Where the API begins, such as http://127.0.0.1:11434/v1. Default: ${OPENAI}, or the package’s own`,
      ),
    api_key: z
      .string()
      .optional()
      .meta({ secret: true })
      .describe('Sent as a Bearer token, or as the package does it. Default: none'),
    headers: headersSetting.default({}).meta({ secret: true }).describe('Sent with each request'),
    model: z
      .string()
      .min(1)
      .optional()
      .describe(
        'The model where an agent names none, and where this provider stands in for another. Default: none',
      ),
    reasoning_tag: z
      .string()
      .regex(/^\w+$/)
      .optional()
      .describe(
        'For servers that leave a model’s thoughts in its text: the tag around them, such as think. Default: none',
      ),
    package: z
      .string()
      .min(1)
      .optional()
      .describe('With type package: the npm package, such as @ai-sdk/anthropic; it has to be installed'),
    factory: z
      .string()
      .min(1)
      .optional()
      .describe(
        'With type package: the export that makes the provider. Default: the only one whose name begins with create',
      ),
    options: z
      .record(z.string(), z.unknown())
      .default({})
      .describe('With type package: more options of the factory, by its own names'),
  })
  .superRefine(({ type, package: name }, context) => {
    if (type === 'package' && name === undefined)
      context.addIssue({ code: 'custom', path: ['package'], message: 'it is missing: type is package' })
    if (type !== 'package' && name !== undefined)
      context.addIssue({ code: 'custom', path: ['type'], message: 'it has to be package where one is named' })
  })

export type ProviderSettings = z.output<typeof providerSettings>

/** Where it is, for people; no secret. */
export const placeOf = ({ type, base_url, package: name }: ProviderSettings): string =>
  base_url ?? (type === 'package' ? (name ?? '') : OPENAI)

/** What must not be told of it. Options of a package may hold a key under any name. */
export const secretsOf = ({ api_key, headers, options }: ProviderSettings): string[] => [
  ...(api_key === undefined ? [] : [api_key]),
  ...secretsInHeaders(headers),
  ...Object.entries(options).flatMap(([name, value]) =>
    typeof value === 'string' && /key|token|secret|password/i.test(name) ? [value] : [],
  ),
]

/** How a model is asked: fields of an agent's settings. What is not set is not sent. */
export const modelFields = {
  temperature: z.number().min(0).optional().describe('Default: the model’s own'),
  top_p: z.number().min(0).max(1).optional().describe('Default: the model’s own'),
  top_k: z.int().positive().optional().describe('Not every provider takes it. Default: the model’s own'),
  max_tokens: z
    .int()
    .positive()
    .optional()
    .describe('Output tokens of one model call. Default: the model’s own'),
  presence_penalty: z.number().optional().describe('Default: the model’s own'),
  frequency_penalty: z.number().optional().describe('Default: the model’s own'),
  stop: z.array(z.string()).optional().describe('Texts at which the model stops. Default: none'),
  seed: z.int().optional().describe('For the same answer again, where the model can. Default: none'),
  provider_options: z
    .record(z.string(), z.unknown())
    .default({})
    .describe(
      'What else the provider takes. openai-compatible: fields of the request’s body, such as reasoning_effort; ' +
        'package: by the provider’s name, such as anthropic: { thinking: … }',
    ),
}

const modelSettings = z.strictObject(modelFields)
export type ModelSettings = z.output<typeof modelSettings>
