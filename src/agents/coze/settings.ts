import { z } from 'zod'

/** YAML reads an unquoted id as a number, and a number of 19 digits loses the last ones without a word. */
const BOT_ID = 'The id of the bot as a text: put it in quotes, or its last digits are lost.'

export const cozeSettings = z.strictObject({
  api_key: z
    .string()
    .min(1)
    .describe(
      'A personal access token (pat_…) or another access token of Coze. Its permissions: chat, cancelChat, submitToolChat for client plugins, uploadFile for attachments, getMetadata for `kar agents check`.',
    ),
  bot_id: z
    .string({ error: BOT_ID })
    .min(1)
    .describe(
      'The bot, published to the channel Agent as API: the number after /bot/ in the address of its page, in quotes.',
    ),
  api_base: z
    .url({ protocol: /^https?$/ })
    .refine(
      (url) => !URL.canParse(url) || new URL(url).username === '',
      'The key goes into api_key, not into the address.',
    )
    .default('https://api.coze.cn')
    .describe(
      'https://api.coze.cn, or https://api.coze.com for accounts of coze.com: keys and bots are of one of them.',
    ),
  timeout: z
    .number()
    .positive()
    .max(86_400)
    .default(120)
    .describe('Seconds that Coze may say nothing, at the start of a chat or in between.'),
  auto_save_history: z
    .boolean()
    .default(true)
    .describe(
      'Coze keeps the conversation. If false, each run sends the history (at most 100 messages), and neither client plugins nor question nodes work.',
    ),
  variables: z
    .record(z.string(), z.unknown())
    .default({})
    .describe(
      'custom_variables: values for {{names}} in the bot’s prompt. `forwardedProps.variables` of a run overrides them for its thread.',
    ),
  parameters: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('parameters: values for the start node of a bot in chatflow mode.'),
  user_id: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Whose memory the bot uses: Coze keeps the data of users apart. By default each thread is a user of its own, by its id.',
    ),
})

export type CozeSettings = z.infer<typeof cozeSettings>
