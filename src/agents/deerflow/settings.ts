import { z } from 'zod'
import { addressSetting, headersSetting } from '../header-settings.ts'

export const deerflowSettings = z.strictObject({
  api_base: addressSetting
    .default('http://127.0.0.1:2026')
    .describe('DeerFlow’s address: its nginx, which serves /api/langgraph/ and /api/.'),
  api_key: z
    .string()
    .min(1)
    .optional()
    .describe('Sent as Authorization: Bearer …, for a proxy before DeerFlow that asks for it.'),
  auth_header: z
    .string()
    .min(1)
    .optional()
    .describe('The whole value of the Authorization header. Wins over api_key.'),
  headers: headersSetting
    .default({})
    .describe(
      'More request headers. DeerFlow’s own login is a session cookie with a CSRF token: Cookie and X-CSRF-Token.',
    ),
  assistant_id: z
    .string()
    .min(1)
    .default('lead_agent')
    .describe('The assistant: lead_agent, or the name of one of DeerFlow’s custom agents.'),
  model_name: z
    .string()
    .min(1)
    .optional()
    .describe('A model of DeerFlow’s config.yaml. By default DeerFlow takes its first one.'),
  thinking_enabled: z
    .boolean()
    .optional()
    .describe('Whether the model thinks before it answers. By default DeerFlow decides.'),
  plan_mode: z
    .boolean()
    .default(false)
    .describe('is_plan_mode: DeerFlow keeps a list of what is to be done.'),
  subagent_enabled: z.boolean().default(false).describe('Whether DeerFlow may give tasks to subagents.'),
  max_concurrent_subagents: z.int().min(1).default(3).describe('Subagents at a time.'),
  recursion_limit: z
    .int()
    .min(1)
    .default(1000)
    .describe('Steps of the graph in one run. DeerFlow takes no more than its max_recursion_limit.'),
  on_disconnect: z
    .enum(['cancel', 'continue'])
    .default('cancel')
    .describe(
      'What DeerFlow does with a run whose connection breaks. With continue, a connection that broke is rejoined and the run goes on; so does that of a worker that is lost, until it ends or the thread’s next run begins.',
    ),
  multitask_strategy: z
    .enum(['interrupt', 'rollback', 'reject'])
    .default('interrupt')
    .describe(
      'What becomes of a run that DeerFlow still executes on the thread: a thread has one run at a time here, so it is one that was given up.',
    ),
  timeout: z
    .number()
    .positive()
    .default(300)
    .describe('Seconds that DeerFlow may say nothing, not even a heartbeat, at the start or in between.'),
  variables: z
    .record(z.string(), z.unknown())
    .default({})
    .describe(
      'More of a run’s context, such as reasoning_effort or max_total_subagents. `forwardedProps.variables` of a run overrides it for its thread.',
    ),
})

export type DeerflowSettings = z.infer<typeof deerflowSettings>

/** The headers that go with each request, their names in small letters. */
export const requestHeaders = ({
  api_key,
  auth_header,
  headers,
}: Pick<DeerflowSettings, 'api_key' | 'auth_header' | 'headers'>): Record<string, string> => {
  const authorization = auth_header ?? (api_key === undefined ? undefined : `Bearer ${api_key}`)
  const others = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])
  return { ...Object.fromEntries(others), ...(authorization !== undefined && { authorization }) }
}
