import type { RunAgentInput } from '@ag-ui/client'
import { AgentError } from '../agent-error.ts'
import type { Pending, WaitsFor } from './memory.ts'
import type { EnteredMessage } from './user-message.ts'

type Answer = NonNullable<RunAgentInput['resume']>[number]
type Clarification = Extract<WaitsFor, { kind: 'clarification' }>

/** What the answers to a thread's interrupts are at DeerFlow. */
export interface Resumption {
  /** For interrupts of the graph: LangGraph's command. */
  command: { resume: unknown } | undefined
  /** For questions of the agent. */
  messages: EnteredMessage[]
  /** The calls that asked, with what was answered. */
  results: { toolCallId: string; content: string }[]
}

/** @throws AgentError INPUT_INVALID where nothing waits for an answer */
export const resumptionOf = (pending: Pending, answers: RunAgentInput['resume'] = []): Resumption => {
  const graph: Answer[] = []
  const resumption: Resumption = { command: undefined, messages: [], results: [] }
  for (const answer of answers) {
    const waits = pending[answer.interruptId]
    if (waits === undefined)
      throw new AgentError(
        'INPUT_INVALID',
        `Nothing waits for an answer to the interrupt "${answer.interruptId}": it was answered, or is another thread’s.`,
      )
    if (waits.kind === 'graph') {
      graph.push(answer)
      continue
    }
    const message = answerMessage(answer, waits)
    resumption.messages.push(message)
    resumption.results.push({ toolCallId: waits.tool_call_id, content: String(message.content) })
  }
  return graph.length === 0 ? resumption : { ...resumption, command: { resume: resumeOf(graph) } }
}

/** One value goes to the one `interrupt()`; more of them by their ids. */
const resumeOf = (answers: readonly Answer[]): unknown => {
  const [only] = answers
  if (only !== undefined && answers.length === 1) return valueOfAnswer(only)
  return Object.fromEntries(answers.map((answer) => [answer.interruptId, valueOfAnswer(answer)]))
}

/** LangGraph knows no cancelled interrupt: this is how AG-UI's agents for LangGraph tell the graph of one. */
const valueOfAnswer = ({ interruptId, status, payload }: Answer): unknown =>
  // Null would be no resumption to DeerFlow.
  status === 'resolved' ? (payload ?? {}) : { __agui_cancelled__: true, interrupt_id: interruptId }

const DECLINED = 'I would rather not answer this.'

/** As DeerFlow's own view sends it: hidden there, since the question's card shows the answer. */
const answerMessage = (
  { status, payload }: Answer,
  { request_id, options = [] }: Clarification,
): EnteredMessage => {
  if (status === 'cancelled') return { type: 'human', content: DECLINED }
  const value = textOfPayload(payload)
  const option = options.find((one) => one.value === value || one.id === value)
  const human_input_response = {
    version: 1,
    kind: 'human_input_response',
    source: 'ask_clarification',
    request_id,
    ...(option === undefined
      ? { response_kind: 'text', value }
      : { response_kind: 'option', option_id: option.id, value: option.value }),
  }
  return {
    type: 'human',
    content: option?.value ?? value,
    additional_kwargs: { hide_from_ui: true, human_input_response },
  }
}

/** A text, a text in a field of one of the usual names, or a form's values. */
const textOfPayload = (payload: unknown): string => {
  if (typeof payload === 'string' && payload.trim() !== '') return payload
  const { value, answer, text } = (payload ?? {}) as Record<string, unknown>
  const named = [value, answer, text].find((one) => typeof one === 'string' && one.trim() !== '')
  return typeof named === 'string' ? named : JSON.stringify(payload ?? {})
}
