import type { RunAgentInput } from '@ag-ui/client'
import { AgentError } from '../agent-error.ts'
import { textOf } from '../user-input.ts'
import type { ToolOutput } from './api.ts'
import type { Pending } from './memory.ts'

/** A tool's result, with the run's own id of the call. */
export interface Answer extends ToolOutput {
  tool_call?: string
}

/** How the chat of an earlier run goes on. */
export type Resumption =
  | { kind: 'outputs'; outputs: Answer[] }
  /** What a workflow asked for: the next message. */
  | { kind: 'reply'; text: string }
  /** A question that is not to be answered. */
  | { kind: 'dropped' }

/** What Coze's model reads in the place of a result that nobody gave. */
const CANCELLED = JSON.stringify({ status: 'cancelled' })

/**
 * What the input says to what a chat waits for: by `resume`, or by tool messages. Undefined where it says nothing
 * to it: the person went on with something else.
 * @throws AgentError INPUT_INVALID where it answers what no chat waits for
 */
export const resumptionOf = (pending: Pending | undefined, input: RunAgentInput): Resumption | undefined => {
  const answers = pending?.calls.map((call) => ({ call, answer: answerTo(call, input) })) ?? []
  if (!answers.some(({ answer }) => answer !== undefined)) {
    if (input.resume === undefined || input.resume.length === 0) return undefined
    const ids = input.resume.map(({ interruptId }) => interruptId).join(', ')
    throw new AgentError(
      'INPUT_INVALID',
      `No chat of this thread waits for an answer to ${ids}. Send a message instead.`,
    )
  }
  const outputs = answers.flatMap(({ call: { tool_call_id, tool_call }, answer }) =>
    tool_call_id === undefined ? [] : [{ tool_call_id, tool_call, output: answer?.output ?? CANCELLED }],
  )
  if (outputs.length > 0) return { kind: 'outputs', outputs }
  const reply = answers.find(({ answer }) => answer?.output !== undefined)?.answer?.output
  return reply === undefined ? { kind: 'dropped' } : { kind: 'reply', text: reply }
}

/** Undefined where there is none; without an output where the answer is that there will be none. */
const answerTo = (
  { interrupt, tool_call }: Pending['calls'][number],
  { resume, messages }: RunAgentInput,
): { output?: string } | undefined => {
  const entry = resume?.find(({ interruptId }) => interruptId === interrupt)
  if (entry !== undefined) return entry.status === 'resolved' ? { output: asText(entry.payload ?? null) } : {}
  const message = messages.find((each) => each.role === 'tool' && each.toolCallId === tool_call)
  return message && { output: textOf(message) }
}

const asText = (payload: unknown): string => (typeof payload === 'string' ? payload : JSON.stringify(payload))
