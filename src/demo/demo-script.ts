import type { RunAgentInput } from '@ag-ui/client'
import type { AnyEvent } from '../run/event.ts'
import { excerpt, type TextFacts, textFacts } from './text-facts.ts'

/** The tool reads no more of the question, so that a very long one does not make the run one. */
const TOOL_TEXT_CHARACTERS_MAX = 120

/**
 * The demo's run from its first event to its last. A pure function of the input: the same question gives the
 * same ids and the same words, on whichever worker it runs.
 */
export function* demoScript(input: RunAgentInput): Generator<AnyEvent> {
  const { threadId, runId } = input
  const question = lastQuestion(input)
  const runs = runsBefore(input) + 1
  const openingId = `${runId}-opening`

  yield { type: 'RUN_STARTED', threadId, runId }
  yield { type: 'STEP_STARTED', stepName: 'read' }
  yield* reasoning(runId, thoughts(question))
  yield* message(openingId, opening(question))
  yield { type: 'STEP_FINISHED', stepName: 'read' }

  yield { type: 'STEP_STARTED', stepName: 'answer' }
  const text = excerpt(question, TOOL_TEXT_CHARACTERS_MAX)
  const facts = textFacts(text)
  yield* toolCall(`${runId}-measure`, openingId, { text }, facts)
  yield stateChange(input, runs, question)
  yield* message(`${runId}-answer`, answer(question, facts, text !== question, runs))
  yield { type: 'STEP_FINISHED', stepName: 'answer' }
  yield { type: 'RUN_FINISHED', threadId, runId }
}

/** The text of the last user message; '' where there is none, or nothing to read in it. */
const lastQuestion = ({ messages }: RunAgentInput): string => {
  const content = messages?.findLast(({ role }) => role === 'user')?.content
  if (typeof content === 'string') return content.trim()
  if (!Array.isArray(content)) return ''
  return content
    .map((part) => (part.type === 'text' ? part.text : ''))
    .join(' ')
    .trim()
}

const runsBefore = ({ state }: RunAgentInput): number =>
  isObject(state) && Number.isSafeInteger(state.runs) ? Number(state.runs) : 0

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A snapshot where there is no state yet; else a patch, which leaves alone what is not the demo's. */
const stateChange = ({ state }: RunAgentInput, runs: number, question: string): AnyEvent => {
  const asked = excerpt(question, TOOL_TEXT_CHARACTERS_MAX)
  if (!isObject(state) || Object.keys(state).length === 0)
    return { type: 'STATE_SNAPSHOT', snapshot: { runs, lastQuestion: asked } }
  // `add` sets a member whether or not it is there; `replace` would fail where it is not.
  const delta = [
    { op: 'add', path: '/runs', value: runs },
    { op: 'add', path: '/lastQuestion', value: asked },
  ]
  return { type: 'STATE_DELTA', delta }
}

function* reasoning(runId: string, text: string): Generator<AnyEvent> {
  const span = { messageId: `${runId}-reasoning` }
  const thought = { messageId: `${runId}-thought` }
  yield { type: 'REASONING_START', ...span }
  yield { type: 'REASONING_MESSAGE_START', ...thought, role: 'reasoning' }
  for (const delta of pieces(text)) yield { type: 'REASONING_MESSAGE_CONTENT', ...thought, delta }
  yield { type: 'REASONING_MESSAGE_END', ...thought }
  yield { type: 'REASONING_END', ...span }
}

function* message(messageId: string, text: string): Generator<AnyEvent> {
  yield { type: 'TEXT_MESSAGE_START', messageId, role: 'assistant' }
  for (const delta of pieces(text)) yield { type: 'TEXT_MESSAGE_CONTENT', messageId, delta }
  yield { type: 'TEXT_MESSAGE_END', messageId }
}

function* toolCall(
  toolCallId: string,
  parentMessageId: string,
  args: object,
  result: TextFacts,
): Generator<AnyEvent> {
  yield { type: 'TOOL_CALL_START', toolCallId, toolCallName: 'measure_text', parentMessageId }
  for (const delta of pieces(JSON.stringify(args))) yield { type: 'TOOL_CALL_ARGS', toolCallId, delta }
  yield { type: 'TOOL_CALL_END', toolCallId }
  const content = JSON.stringify(result)
  yield { type: 'TOOL_CALL_RESULT', messageId: `${toolCallId}-result`, toolCallId, role: 'tool', content }
}

/** As a model would stream it: a word, or one and a short one, at a time; no surrogate pair cut, nothing lost. */
const pieces = (text: string): string[] => text.match(/\s*\S{1,14}(?:\s+\S{1,2}(?!\S))?|\s+$/gu) ?? []

const thoughts = (question: string): string =>
  question === ''
    ? 'There is no text to read. I can still show how an answer travels.'
    : `They wrote: “${excerpt(question, 48)}” I will measure that with a tool first, so that what I say is true.`

const opening = (question: string): string =>
  `${question === '' ? 'You sent no text, but the command arrived. It' : 'Your message arrived. It'} was written to ` +
  'the commands topic; a worker of the consumer group took it, claimed this thread in its log, and started me. ' +
  'Each piece that you see is appended to that log, acknowledged by the brokers, and only then shown to you. ' +
  'Now let me measure what you wrote.'

const answer = (question: string, facts: TextFacts, cut: boolean, runs: number): string =>
  `${found(question, facts, cut)} This is run ${runs} on this thread, and its state says so. ` +
  'Try to lose it: reload the page, open it in a second window, or end the process that serves you. ' +
  'What was said is replayed from the log, and the rest goes on where it was.'

const found = (question: string, facts: TextFacts, cut: boolean): string => {
  if (question === '') return 'There was nothing to measure: no words, no characters.'
  const { words, sentences, characters, longestWord } = facts
  const counts = `${count(words, 'word')} in ${count(sentences, 'sentence')}, ${count(characters, 'character')}`
  const longest = longestWord === '' ? '' : ` The longest word is “${longestWord}”.`
  return `${cut ? 'I read the beginning of it' : 'I read all of it'}: ${counts}.${longest}`
}

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`
