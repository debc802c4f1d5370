import type { Random } from './random.ts'

/** What an agent is to do in a run; travels in `forwardedProps`. */
export interface Script {
  /** `throws`: fails in the middle. `silent`: fails before its first event. `deaf`: does not hear a stop. */
  kind: 'short' | 'long' | 'throws' | 'silent' | 'deaf'
  deltas: number
  /** Between two deltas. */
  pauseMs: number
}

/** How long the longest runs last: below a worker's time to drain, so that a rolling restart ends none. */
export const LONG_RUN_MS_MAX = 20_000

export const drawScript = (random: Random, longRunMs: number): Script => {
  const draw = random.whole(1, 100)
  const pauseMs = random.whole(30, 120)
  if (draw <= 72) return { kind: 'short', deltas: random.whole(3, 30), pauseMs }
  if (draw <= 88)
    return { kind: 'long', deltas: Math.ceil(longRunMs / 150 / random.whole(1, 2)), pauseMs: 150 }
  if (draw <= 93) return { kind: 'throws', deltas: random.whole(0, 20), pauseMs }
  if (draw <= 95) return { kind: 'silent', deltas: 0, pauseMs }
  return { kind: 'deaf', deltas: Math.ceil(longRunMs / 300), pauseMs: 150 }
}
