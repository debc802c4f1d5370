import { randomUUID } from 'node:crypto'
import type { RunEvents } from '../run-events.ts'
import type { Answer } from './answer.ts'
import type { DifyFrame } from './frame.ts'

interface Thought {
  told: string
  /** Calls that have no result yet: by place in the list of tools. */
  calls: { toolCallId: string; name: string }[] | undefined
  answered: boolean
}

/**
 * An agent's rounds. Dify sends one `agent_thought` again and again, each time with more: first nothing, then what
 * the model thought and which tools it calls with what, then what these observed.
 */
export class AgentThoughts {
  readonly #events: RunEvents
  readonly #answer: Answer
  readonly #thoughts = new Map<string, Thought>()

  constructor(events: RunEvents, answer: Answer) {
    this.#events = events
    this.#answer = answer
  }

  take(frame: DifyFrame): void {
    const id = frame.id ?? ''
    const thought = this.#thoughts.get(id) ?? { told: '', calls: undefined, answered: false }
    this.#thoughts.set(id, thought)
    this.#think(thought, frame.thought ?? '', id)
    const names = namesOf(frame.tool)
    if (names.length > 0) thought.calls ??= this.#call(names, frame.tool_input ?? '')
    if (frame.observation && thought.calls !== undefined && !thought.answered) {
      thought.answered = true
      const seen = byTool(frame.observation)
      for (const { toolCallId, name } of thought.calls) this.#events.toolResult(toolCallId, seen(name) ?? '')
    }
  }

  /** A thought is often what the model says aloud in this round: then it was heard as the answer. */
  #think(thought: Thought, text: string, id: string): void {
    if (text.trim() === '' || text === thought.told || this.#answer.has(text)) return
    this.#answer.flush()
    this.#events.reasoning(text.startsWith(thought.told) ? text.slice(thought.told.length) : text, id)
    thought.told = text
  }

  #call(names: string[], input: string): Thought['calls'] {
    this.#answer.flush()
    const given = byTool(input)
    return names.map((name) => {
      const toolCallId = randomUUID()
      this.#events.toolCall(name, JSON.stringify(parsed(given(name)) ?? {}), toolCallId)
      return { toolCallId, name }
    })
  }
}

const namesOf = (tools: string | null | undefined): string[] =>
  (tools ?? '').split(';').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]))

/** JSON with a value for each tool, or one text for all. */
const byTool = (text: string): ((name: string) => unknown) => {
  const whole = parsed(text)
  if (typeof whole !== 'object' || whole === null) return () => text
  return (name) => (Object.hasOwn(whole, name) ? (whole as Record<string, unknown>)[name] : text)
}

const parsed = (value: unknown): unknown => {
  if (typeof value !== 'string') return value
  if (value === '') return undefined
  try {
    return JSON.parse(value)
  } catch {
    // A plain text, which it may be.
    return value
  }
}
