import type { DeerflowSettings } from './settings.ts'
import type { EnteredMessage } from './user-message.ts'

/** Of a run's context, what a client may say: nothing of who it is, and not which agent it is. */
const CLIENT_VARIABLES = [
  'model_name',
  'mode',
  'thinking_enabled',
  'reasoning_effort',
  'is_plan_mode',
  'subagent_enabled',
  'max_concurrent_subagents',
  'max_total_subagents',
]

/** `forwardedProps.variables`, as far as a client may say so. Undefined where it says nothing. */
export const variablesIn = (forwardedProps: unknown): Record<string, unknown> | undefined => {
  const { variables } = (forwardedProps ?? {}) as { variables?: unknown }
  if (typeof variables !== 'object' || variables === null) return undefined
  return Object.fromEntries(Object.entries(variables).filter(([name]) => CLIENT_VARIABLES.includes(name)))
}

/** The body that begins a run: messages, or LangGraph's command for one that was interrupted. */
export const runRequest = (
  settings: DeerflowSettings,
  variables: Readonly<Record<string, unknown>>,
  told: { messages: EnteredMessage[] } | { command: { resume: unknown } },
): object => {
  const { model_name, thinking_enabled } = settings
  return {
    assistant_id: settings.assistant_id,
    ...('command' in told ? told : { input: told }),
    stream_mode: ['values', 'messages-tuple', 'custom'],
    config: { recursion_limit: settings.recursion_limit },
    context: {
      ...(model_name !== undefined && { model_name }),
      ...(thinking_enabled !== undefined && { thinking_enabled }),
      is_plan_mode: settings.plan_mode,
      subagent_enabled: settings.subagent_enabled,
      max_concurrent_subagents: settings.max_concurrent_subagents,
      ...settings.variables,
      ...variables,
    },
    on_disconnect: settings.on_disconnect,
    multitask_strategy: settings.multitask_strategy,
  }
}
