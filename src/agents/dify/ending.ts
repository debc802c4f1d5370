import { AgentError } from '../agent-error.ts'
import type { RunEvents } from '../run-events.ts'
import type { DifyFrame, DifyUsage } from './frame.ts'

/**
 * When a run is over. `message_end` ends a chat, `workflow_finished` a workflow, and a chatflow has both, in one order
 * or the other by Dify's version. Audio may trail.
 */
export class Ending {
  readonly #events: RunEvents
  /** Nothing but the workflow's end counts. */
  readonly #isWorkflow: boolean
  #hasWorkflow = false
  #finished = false
  #answered = false
  #speaks = false
  #failure: AgentError | undefined
  #usage: DifyUsage | undefined

  constructor(events: RunEvents, isWorkflow: boolean) {
    this.#events = events
    this.#isWorkflow = isWorkflow
  }

  get isReached(): boolean {
    if (this.#speaks || this.#failure !== undefined) return false
    if (this.#isWorkflow) return this.#finished
    return this.#answered && (this.#finished || !this.#hasWorkflow)
  }

  started(): void {
    this.#hasWorkflow = true
  }

  answered(usage: DifyUsage | null | undefined): void {
    this.#answered = true
    this.#usage = usage ?? this.#usage
  }

  audio(isLast: boolean): void {
    this.#speaks = !isLast
  }

  /** @throws AgentError workflow_failed, workflow_stopped */
  workflow({ data }: DifyFrame): void {
    // How a run is that was looked up, not how it ended.
    if (data?.status === 'running' || data?.status === 'paused') return
    this.#finished = true
    if (data?.total_tokens) this.#usage ??= { total_tokens: data.total_tokens }
    switch (data?.status) {
      case 'failed': {
        const failure = new AgentError(
          'workflow_failed',
          `The workflow failed at Dify: ${data.error || 'no reason given'}`,
        )
        // A chatflow's failure is followed by an error with Dify's code.
        if (this.#isWorkflow) throw failure
        this.#failure = failure
        return
      }
      case 'stopped':
        throw new AgentError('workflow_stopped', 'The workflow was stopped at Dify before it had ended.')
      case 'partial-succeeded':
        this.#events.custom('notice', {
          code: 'WORKFLOW_PARTIAL',
          message: `The workflow ended well, but ${data.exceptions_count ?? 'some'} of its nodes failed.`,
        })
    }
  }

  /**
   * There is nothing more to come.
   * @throws AgentError INCOMPLETE_STREAM, workflow_failed
   */
  end(): void {
    if (this.#failure !== undefined) throw this.#failure
    if (!this.#answered && !this.#finished)
      throw new AgentError(
        'INCOMPLETE_STREAM',
        'Dify’s answer ended without its last event: it may not be all.',
      )
    const { prompt_tokens, completion_tokens, total_tokens } = this.#usage ?? {}
    if (this.#usage === undefined) return
    this.#events.usage({
      ...(typeof prompt_tokens === 'number' && { inputTokens: prompt_tokens }),
      ...(typeof completion_tokens === 'number' && { outputTokens: completion_tokens }),
      ...(typeof total_tokens === 'number' && { totalTokens: total_tokens }),
    })
  }
}
