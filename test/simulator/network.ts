import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'

/** What becomes of a request: `late` arrives, but only after its sender has given it up. */
export type Fate = 'arrives' | 'lost' | 'answer lost' | 'late'

/** The way between the processes and the brokers: slow, now and then very slow, lossy, and cut in outages. */
export interface Network {
  /** One way, in milliseconds. */
  hop(): number
  fate(): Fate
  /** Nobody reaches the brokers before this time. */
  readonly downUntil: number
  outage(ms: number): void
  onOutage(act: () => void): void
  /** From now on nothing is lost or very slow. */
  heal(): void
}

export interface NetworkProfile {
  /** Typical delay, in milliseconds. */
  hopMs: number
  /** How often a hop takes up to `slowMs` instead. */
  slow: number
  slowMs: number
  /** How often an append is lost, or its answer. */
  loss: number
}

export const createNetwork = (scheduler: Scheduler, random: Random, profile: NetworkProfile): Network => {
  const listeners: (() => void)[] = []
  let { slow, loss } = profile
  let downUntil = 0
  return {
    hop: () => {
      if (random.chance(slow)) return random.next() * profile.slowMs
      return random.next() * 2 * profile.hopMs
    },
    fate: () => {
      if (!random.chance(loss)) return 'arrives'
      return random.pick(['lost', 'answer lost', 'late'])
    },
    get downUntil() {
      return downUntil
    },
    outage: (ms) => {
      downUntil = Math.max(downUntil, scheduler.now() + ms)
      for (const listener of listeners) listener()
    },
    onOutage: (act) => void listeners.push(act),
    heal: () => {
      slow = 0
      loss = 0
    },
  }
}
