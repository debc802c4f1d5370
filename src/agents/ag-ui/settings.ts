import { z } from 'zod'
import { addressSetting, headersSetting } from '../header-settings.ts'

export const agUiSettings = z.strictObject({
  url: addressSetting.describe(
    'The AG-UI endpoint: where a RunAgentInput is posted and a stream of events comes back.',
  ),
  headers: headersSetting
    .default({})
    .describe(
      'Request headers, such as Authorization, with the key as an environment variable. They win over request headers that a worker passes on.',
    ),
  timeout: z
    .number()
    .positive()
    .default(300)
    .describe('Seconds that the endpoint may say nothing, not even a comment, at the start or in between.'),
})

export type AgUiSettings = z.infer<typeof agUiSettings>
