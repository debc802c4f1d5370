import { z } from 'zod'

export const API_TYPES = ['chat', 'agent', 'chatflow', 'workflow', 'completion'] as const

export type ApiType = (typeof API_TYPES)[number]

export const difySettings = z.strictObject({
  api_type: z
    .enum(API_TYPES)
    .default('chat')
    .describe(
      'What kind of app the key belongs to: chat (Chatbot), agent (Agent and New Agent), chatflow, workflow, or completion (Text Generator).',
    ),
  api_key: z
    .string()
    .min(1)
    .describe('An API key of the app (app-…), from its page "API Access". It says which app is meant, too.'),
  api_base: z
    .url({ protocol: /^https?$/ })
    .default('https://api.dify.ai/v1')
    .describe('Where the Service API begins; of a Dify of your own: http://<host>/v1.'),
  workflow_output_key: z
    .string()
    .min(1)
    .default('astrbot_wf_output')
    .describe(
      'Which output of a workflow is the answer. The default is the name that AstrBot uses. A workflow with one output needs no name.',
    ),
  query_input_key: z
    .string()
    .min(1)
    .default('astrbot_text_query')
    .describe(
      'Which input of a workflow or text generator takes what the person wrote. The default is the name that AstrBot uses.',
    ),
  variables: z
    .record(z.string(), z.unknown())
    .default({})
    .describe(
      'Values for the app’s input variables. `forwardedProps.variables` of a run overrides them for its thread.',
    ),
  user: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The end user that Dify is told of: conversations and files belong to it. By default the thread’s id.',
    ),
  timeout: z
    .number()
    .positive()
    .default(60)
    .describe('Seconds that Dify may say nothing, not even a ping (it sends one every 10 s).'),
})

export type DifySettings = z.output<typeof difySettings>
