import { setTimeout } from 'node:timers/promises'
import { now } from '../events.ts'

/** Calls `act` at a rate, evenly as far as a millisecond timer allows. How often it was called. */
export const pace = async (rate: number, seconds: number, act: () => void): Promise<number> => {
  const start = now()
  let count = 0
  for (;;) {
    const elapsed = now() - start
    const due = Math.min(Math.floor((elapsed / 1000) * rate), Math.floor(rate * seconds))
    for (; count < due; count += 1) act()
    if (elapsed >= seconds * 1000) return count
    await setTimeout(1)
  }
}
