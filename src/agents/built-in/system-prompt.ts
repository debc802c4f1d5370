import type { RunAgentInput } from '@ag-ui/client'
import { textOf } from '../user-input.ts'

const STATE_CHARACTERS_MAX = 20_000

/** All that stands before the conversation, as one text: many servers take one system message, at the beginning. */
export const systemPrompt = (
  { messages, context, state }: Pick<RunAgentInput, 'messages' | 'context' | 'state'>,
  { system_prompt, share_state }: { system_prompt: string; share_state: boolean },
): string =>
  [
    system_prompt,
    ...messages.filter(({ role }) => role === 'system' || role === 'developer').map(textOf),
    contextPart(context ?? []),
    share_state ? statePart(state) : '',
  ]
    .filter((part) => part.trim() !== '')
    .join('\n\n')

const contextPart = (context: RunAgentInput['context']): string => {
  if (context.length === 0) return ''
  const entries = context.map(({ description, value }) => `- ${description}: ${value}`)
  return ['What the application says about the situation:', ...entries].join('\n')
}

const statePart = (state: unknown): string => {
  if (typeof state !== 'object' || state === null || Object.keys(state).length === 0) return ''
  const json = JSON.stringify(state)
  const told =
    json.length <= STATE_CHARACTERS_MAX
      ? json
      : `${json.slice(0, STATE_CHARACTERS_MAX)} … (${json.length - STATE_CHARACTERS_MAX} characters more)`
  return `The state of the application, as JSON:\n${told}`
}
