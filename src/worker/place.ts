import type { Slots } from './slots.ts'

/**
 * A command's place in its worker: among those that run, or among those that wait for another run, which are
 * more but not without end either.
 */
export class Place {
  readonly #running: Slots
  readonly #waiting: Slots
  #release: (() => void) | undefined
  #runs = false

  constructor(running: Slots, waiting: Slots) {
    this.#running = running
    this.#waiting = waiting
  }

  /** Whether it is among those that run. */
  get runs(): boolean {
    return this.#runs
  }

  /** Moves among those that run; false when the signal aborted before there was room. */
  async run(signal: AbortSignal): Promise<boolean> {
    if (this.#runs) return true
    const release = await this.#running.acquire(signal)
    if (release === undefined) return false
    this.leave()
    this.#release = release
    this.#runs = true
    return true
  }

  /** Moves among those that wait, if there is room: else it holds its place, and with it its partition back. */
  wait(): void {
    if (!this.#runs) return
    const release = this.#waiting.tryAcquire()
    if (release === undefined) return
    this.leave()
    this.#release = release
  }

  leave(): void {
    this.#release?.()
    this.#release = undefined
    this.#runs = false
  }
}
