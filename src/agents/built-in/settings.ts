import { z } from 'zod'
import { modelFields, providerSettings } from '../providers/settings.ts'
import { toolSettings } from './tools/settings.ts'

const provider = z.union([z.string().min(1), providerSettings])

export const builtInSettings = z.strictObject({
  provider: provider.describe('A chat provider: an id of `providers`, or its settings'),
  model: z.string().min(1).optional().describe('The model. Default: that of the provider'),
  fallback_providers: z
    .array(provider)
    .default([])
    .describe(
      'Asked in this order where the provider fails before it has said anything, each for its own model, or for `model` where it has none. Default: none',
    ),
  system_prompt: z.string().default('').describe('Who the agent is, and how it is to act. Default: none'),
  ...modelFields,
  max_steps: z
    .int()
    .positive()
    .max(1000)
    .default(30)
    .describe('Model calls that may call tools; then one more, without tools, to sum up. Default: 30'),
  max_turns: z
    .int()
    .positive()
    .optional()
    .describe('Of a thread, the model sees its first message and so many of the last turns. Default: all'),
  max_context_tokens: z
    .int()
    .min(500)
    .optional()
    .describe(
      'What the model takes. Above 0.82 of it, the oldest is left out or shortened. Default: no limit; the provider says when it is too much',
    ),
  modalities: z
    .array(z.enum(['image', 'audio', 'video', 'document']))
    .default(['image', 'audio', 'video', 'document'])
    .describe(
      'Kinds of files that the model is given; of others it reads the name. Default: all that the provider takes',
    ),
  send_reasoning: z
    .boolean()
    .default(true)
    .describe(
      'Whether the model gets its own thoughts back, in turns where it called tools: some demand it, and few refuse it. Default: true',
    ),
  share_state: z
    .boolean()
    .default(true)
    .describe('Whether the model reads the state of the application. Default: true'),
  timeout: z
    .number()
    .positive()
    .max(86_400)
    .default(120)
    .describe('The provider may be silent for so long, in seconds. Default: 120'),
  ...toolSettings.shape,
})

export type BuiltInSettings = z.output<typeof builtInSettings>
/** As they are written. */
export type BuiltInOptions = z.input<typeof builtInSettings>
