import type { RunEvents } from '../run-events.ts'
import type { CompletionFrame, ModelUsage } from './frames.ts'
import { Nodes } from './nodes.ts'
import { sourceList } from './references.ts'
import { Thoughts } from './thoughts.ts'
import { Words } from './words.ts'

export interface AnswerOptions {
  /** Whether the text ends with its sources. */
  outputReference: boolean
}

/** Makes a completion's frames into the run's events. It knows nothing of HTTP. */
export class Answer {
  readonly #events: RunEvents
  readonly #options: AnswerOptions
  readonly #words: Words
  readonly #thoughts: Thoughts
  readonly #nodes: Nodes
  #references: readonly unknown[] = []
  #models: readonly ModelUsage[] = []
  #isRejected = false
  /** Whether a frame of it came. */
  begun = false

  constructor(events: RunEvents, options: AnswerOptions) {
    this.#events = events
    this.#options = options
    this.#words = new Words(events)
    this.#thoughts = new Thoughts(events)
    this.#nodes = new Nodes(events, this.#words)
  }

  /** Whether it was the last one: then `finish`. */
  take({ output, usage }: CompletionFrame): boolean {
    this.begun = true
    if (usage?.models?.length) this.#models = usage.models
    if (!output) return false
    for (const [index, thought] of (output.thoughts ?? []).entries())
      if (!this.#nodes.thought(thought)) this.#thoughts.take(thought, index)
    if (output.workflow_message) this.#nodes.message(output.workflow_message)
    if (output.text) this.#text(output.text)
    if (output.doc_references?.length) this.#references = output.doc_references
    if (output.reject_status) this.#isRejected = true
    return !!output.finish_reason && output.finish_reason !== 'null'
  }

  finish(): void {
    this.#thoughts.finish()
    // The last frame of a workflow has its text, as documented; where it has none, the End node's result is the answer.
    if (!this.#words.spoken) this.#words.say(this.#nodes.result)
    if (this.#options.outputReference) this.#words.add(sourceList(this.#references))
    this.#words.flush()
    if (this.#references.length > 0) this.#events.custom('bailian.doc_references', this.#references)
    if (this.#isRejected) this.#events.custom('bailian.reject_status', true)
  }

  /** What it cost so far, model by model. A run that fails has cost something, too. */
  tellUsage(): void {
    for (const { model_id, input_tokens, output_tokens } of this.#models) {
      const [inputTokens, outputTokens] = [input_tokens ?? 0, output_tokens ?? 0]
      this.#events.usage({
        inputTokens,
        outputTokens,
        totalTokens: inputTokens + outputTokens,
        ...(model_id && { model: model_id }),
      })
    }
    this.#models = []
  }

  #text(text: string): void {
    this.#thoughts.settle()
    const { said, result } = this.#nodes
    if (said === '') this.#words.say(text)
    // A workflow's last frame has the answer as a whole, which its nodes may have said piece by piece.
    else if (said.endsWith(text)) return
    else if (text.startsWith(said)) this.#words.add(text.slice(said.length))
    else if (result !== '' && text.startsWith(result)) this.#words.add(text.slice(result.length))
    else this.#words.say(text, 'text')
  }
}
