import { z } from 'zod'

const ids = z.array(z.string().min(1)).default([])

const ragOptions = z
  .strictObject({
    pipeline_ids: ids.describe('Knowledge bases to search instead of those of the application.'),
    file_ids: ids.describe('Documents to search, of the knowledge bases in pipeline_ids.'),
    output_reference: z
      .boolean()
      .default(false)
      .describe('Whether the answer ends with a list of its sources. They come as an event in any case.'),
  })
  // The platform finds nothing in documents whose knowledge base is not named, and does not say so.
  .refine(({ pipeline_ids, file_ids }) => file_ids.length === 0 || pipeline_ids.length > 0, {
    message: 'file_ids are searched only in the knowledge bases that pipeline_ids names; add them',
    path: ['pipeline_ids'],
  })

/** An application of Alibaba Cloud Model Studio (Bailian), in agents.yaml. */
export const bailianSettings = z.strictObject({
  app_type: z
    .enum(['agent', 'agent-arrange', 'dialog-workflow', 'task-workflow'])
    .default('agent')
    .describe('What the application is. agent and dialog-workflow have conversations of several turns.'),
  api_key: z
    .string()
    .min(1)
    .describe('The API key (sk-…) of the workspace that the application is in.')
    .meta({ secret: true }),
  app_id: z.string().min(1).describe('The id of the application, which has to be published.'),
  api_base: z
    .url({ protocol: /^https?$/ })
    .default('https://dashscope.aliyuncs.com')
    .describe('Where the API is; https://dashscope-intl.aliyuncs.com for the international site.'),
  workspace: z
    .string()
    .min(1)
    .optional()
    .describe('The workspace of the application, where it is not the default one.'),
  rag_options: ragOptions.prefault({}).describe('What an agent application searches.'),
  flow_stream_mode: z
    .enum(['message_format_plus', 'message_format', 'agent_format', 'full_thoughts'])
    .optional()
    .describe(
      'How a workflow streams: message_format_plus (default of workflows) tells every node, message_format ' +
        'only those with streaming switched on. Applications of other types get it only where it is set.',
    ),
  variables: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('biz_params of each run; forwardedProps.variables of a run overrides them for its thread.'),
  timeout: z
    .number()
    .positive()
    .max(3_600)
    .default(60)
    .describe('How long the platform may say nothing, in seconds.'),
})

export type BailianSettings = z.output<typeof bailianSettings>
