import { randomUUID } from 'node:crypto'
import type { RunEvents } from '../run-events.ts'
import { asText, isWholeJson, type Thought } from './frames.ts'

interface Call {
  id: string
  args: string
  observation: string
  /** Its arguments were told, so no more of them can be. */
  ended: boolean
  answered: boolean
}

/**
 * What an agent application thinks and which tools it calls. With incremental_output the thinking comes in pieces,
 * while a call is told again in each frame, with more of it: its place in the list and its name say which one it is.
 */
export class Thoughts {
  readonly #events: RunEvents
  readonly #calls = new Map<string, Call>()
  readonly #reasoned = new Map<string, string>()

  constructor(events: RunEvents) {
    this.#events = events
  }

  take(thought: Thought, index: number): void {
    const { action_type: type, action, action_name } = thought
    const key = `${index}:${type ?? ''}:${action || action_name || ''}`
    const isReasoning = type === 'reasoning'
    const text = (isReasoning ? thought.thought || thought.response : thought.thought) ?? ''
    this.#reason(key, text, isReasoning)
    // `response` is the answer, which comes as text.
    if (!type || isReasoning || type === 'response') return
    this.#call(key, action_name || action || type, thought)
  }

  /** The answer goes on: no more comes of the calls' arguments. A result still can. */
  settle(): void {
    for (const call of this.#calls.values()) {
      if (call.observation !== '') this.#answer(call)
      else this.#end(call)
    }
  }

  /** A call without a result would look as if it were the client's to make. */
  finish(): void {
    this.settle()
    for (const call of this.#calls.values()) this.#answer(call)
  }

  #reason(key: string, text: string, isPiece: boolean): void {
    if (text === '') return
    const before = this.#reasoned.get(key) ?? ''
    const delta = deltaOf(before, text, isPiece)
    if (delta === '') return
    this.#reasoned.set(key, before + delta)
    this.#events.reasoning(delta, key)
  }

  #call(key: string, name: string, thought: Thought): void {
    const args =
      asText(thought.arguments) || asText(thought.action_input) || asText(thought.action_input_stream)
    const observation = asText(thought.observation)
    let call = this.#calls.get(key)
    if (call === undefined || isAnother(call, args, observation)) {
      if (call !== undefined) this.#answer(call)
      call = { id: randomUUID(), args: '', observation: '', ended: false, answered: false }
      this.#calls.set(key, call)
      this.#events.startToolCall(name, call.id)
    }
    if (!call.ended) call.args = merged(call.args, args)
    if (call.answered) return
    call.observation = merged(call.observation, observation)
    if (isWholeJson(call.observation)) this.#answer(call)
  }

  #end(call: Call): void {
    if (call.ended) return
    call.ended = true
    this.#events.toolArgs(call.id, call.args)
    this.#events.endToolCall(call.id)
  }

  #answer(call: Call): void {
    if (call.answered) return
    this.#end(call)
    call.answered = true
    this.#events.toolResult(call.id, call.observation || 'The tool returned no content.')
  }
}

/** A text that comes whole again, longer or not, or else its next piece. */
const merged = (before: string, text: string): string => {
  if (text === '' || before.startsWith(text)) return before
  return text.startsWith(before) || isWholeJson(text) ? text : before + text
}

/** Shorter pieces can come twice in a row: "ha", "ha". */
const REPEATED_CHARACTERS_MIN = 8

const deltaOf = (before: string, text: string, isPiece: boolean): string => {
  if (before === text) return isPiece && text.length < REPEATED_CHARACTERS_MIN ? text : ''
  return before !== '' && text.startsWith(before) ? text.slice(before.length) : text
}

/** Whether the same place of the list now tells of a second call of the same tool. */
const isAnother = (call: Call, args: string, observation: string): boolean => {
  if (!call.answered) return false
  const hasOtherArgs = isWholeJson(args) && args !== call.args
  return hasOtherArgs || (observation !== '' && !observation.startsWith(call.observation))
}
