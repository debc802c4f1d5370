import type { DifyFrame } from './frame.ts'

/**
 * What a resumed workflow's stream begins with. Dify may send the run's earlier frames once more (it does where its
 * events are kept in Redis streams): what came before the answer to the form was told by the run that asked for it.
 */
export class Replay {
  readonly #nodes: ReadonlySet<string>
  #skips: boolean | undefined

  /** The nodes whose forms were answered; with none of them known, any counts. */
  constructor(nodes: readonly string[]) {
    this.#nodes = new Set(nodes.filter((node) => node !== ''))
  }

  /** Whether the frame was told before. */
  has({ event, data }: DifyFrame): boolean {
    this.#skips ??= event === 'workflow_started' && data?.reason !== 'resumption'
    if (!this.#skips) return false
    const isAnswered = event === 'human_input_form_filled' || event === 'human_input_form_timeout'
    const isOurs = this.#nodes.size === 0 || this.#nodes.has(data?.node_id ?? '')
    this.#skips = !(isAnswered && isOurs) && event !== 'workflow_finished' && event !== 'error'
    return this.#skips
  }
}
