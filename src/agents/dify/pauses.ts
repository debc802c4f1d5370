import { type AskedForm, formIn, unnamedForm } from './forms.ts'
import type { DifyFrame } from './frame.ts'

/** What a workflow waits for. */
export class Pauses {
  /** Tokens of forms that this run has answered: Dify may name them again until it has taken the answers in. */
  readonly #answered: ReadonlySet<string>
  readonly #asked: AskedForm[] = []
  #repeats = false
  #paused = false

  constructor(answered: readonly string[]) {
    this.#answered = new Set(answered)
  }

  get isPaused(): boolean {
    return this.#paused
  }

  get asked(): readonly AskedForm[] {
    return this.#asked
  }

  required(frame: DifyFrame): void {
    if (this.#answered.has(frame.data?.form_token ?? '')) this.#repeats = true
    else this.#asked.push(formIn(frame))
  }

  paused({ workflow_run_id, data }: DifyFrame): void {
    if (this.#asked.length === 0 && !this.#repeats)
      this.#asked.push(unnamedForm(workflow_run_id || data?.workflow_run_id || ''))
    this.#repeats = false
    this.#paused = this.#asked.length > 0
  }
}
