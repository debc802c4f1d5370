import type { RunEvents } from '../run-events.ts'
import type { DifyData, DifyFrame } from './frame.ts'

/** A workflow's nodes, iterations and loops as steps. A title may be there twice, so a step's name has the id, too. */
export class Steps {
  readonly #events: RunEvents
  /** Names by id. */
  readonly #open = new Map<string, string>()

  constructor(events: RunEvents) {
    this.#events = events
  }

  take({ event, data }: DifyFrame): void {
    if (data === undefined || data === null) return
    switch (event) {
      case 'node_started':
      case 'iteration_started':
      case 'loop_started':
        this.#start(data)
        return
      case 'node_finished':
      case 'iteration_completed':
      case 'loop_completed':
        this.#finish(data)
        return
      case 'node_retry':
      case 'iteration_next':
      case 'loop_next':
        this.#events.custom(`dify.${event}`, progressOf(data))
    }
  }

  #start(data: DifyData): void {
    const id = idOf(data)
    if (this.#open.has(id)) return
    const name = `${data.title || data.node_type || 'node'}#${id}`
    this.#open.set(id, name)
    this.#events.startStep(name)
  }

  #finish(data: DifyData): void {
    const id = idOf(data)
    const name = this.#open.get(id)
    this.#open.delete(id)
    // What the run goes on with after it, or ends with, is told by the workflow.
    if (data.status === 'failed' || data.status === 'exception')
      this.#events.custom('dify.node_error', progressOf(data))
    if (name !== undefined) this.#events.endStep(name)
  }
}

const idOf = ({ id, node_id }: DifyData): string => id || node_id || '?'

/** Without inputs and outputs, which may be large. */
const progressOf = ({ id, node_id, title, index, retry_index, status, error }: DifyData): object =>
  Object.fromEntries(
    Object.entries({ id, node_id, title, index, retry_index, status, error }).filter(
      ([, value]) => value !== undefined && value !== null,
    ),
  )
