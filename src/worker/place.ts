import type { Slots } from './slots.ts'

/**
 * A command's place in its worker: among those in hand, and among those of them that run. One that waits for
 * another run never holds a place among those that run: the one that it waits for may need it.
 */
export class Place {
  readonly #running: Slots
  readonly #inHand: Slots
  #letGo: (() => void) | undefined
  #stopRunning: (() => void) | undefined

  constructor(running: Slots, inHand: Slots) {
    this.#running = running
    this.#inHand = inHand
  }

  /** Whether it is among those that run. */
  get runs(): boolean {
    return this.#stopRunning !== undefined
  }

  /** Moves among those in hand, and to those that run if there is room; false when the signal aborted before. */
  async enter(signal: AbortSignal): Promise<boolean> {
    this.#letGo = await this.#inHand.acquire(signal)
    if (this.#letGo === undefined) return false
    this.#stopRunning = this.#running.tryAcquire()
    return true
  }

  /** Moves among those that run; false when the signal aborted before there was room. */
  async run(signal: AbortSignal): Promise<boolean> {
    this.#stopRunning ??= await this.#running.acquire(signal)
    return this.runs
  }

  /** Moves out of those that run. */
  wait(): void {
    this.#stopRunning?.()
    this.#stopRunning = undefined
  }

  leave(): void {
    this.wait()
    this.#letGo?.()
    this.#letGo = undefined
  }
}
