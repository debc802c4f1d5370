import type { System } from '../../src/system.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'

/**
 * One simulated operating-system process. Everything that reaches the real code in it comes through `enter`:
 * a dead process hears nothing any more, a frozen one hears it after the thaw.
 */
export interface Machine {
  readonly name: string
  readonly state: 'up' | 'frozen' | 'dead'
  readonly system: System
  /** Calls into the process: a timer, an answer, a record. */
  enter(act: () => void): void
  crash(): void
  freeze(ms: number): void
  /** Called when it freezes, thaws or dies. */
  onChange(act: () => void): void
}

export interface MachineParts {
  name: string
  scheduler: Scheduler
  random: Random
  /** How far its wall clock is off, in milliseconds. */
  skewMs: number
}

/** Wall clocks begin here: 2026-01-01. */
export const EPOCH_MS = 1_767_225_600_000
/** What was held back while it was frozen comes within this time after the thaw, in any order. */
const THAW_MS = 3

export const createMachine = ({ name, scheduler, random, skewMs }: MachineParts): Machine => {
  const startedAt = scheduler.now()
  const held: (() => void)[] = []
  const listeners: (() => void)[] = []
  let state: Machine['state'] = 'up'
  let ids = 0

  const change = (next: Machine['state']): void => {
    state = next
    for (const listener of listeners) listener()
  }

  const enter = (act: () => void): void => {
    if (state === 'up') act()
    else if (state === 'frozen') held.push(act)
  }

  const sleep = (ms: number, signal?: AbortSignal): Promise<void> => {
    if (signal?.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const task = scheduler.later(ms, () => {
        enter(() => {
          signal?.removeEventListener('abort', wake)
          resolve()
        })
      })
      const wake = (): void => {
        task.cancel()
        resolve()
      }
      signal?.addEventListener('abort', wake, { once: true })
    })
  }

  return {
    name,
    get state() {
      return state
    },
    enter,
    system: {
      now: () => Math.round(EPOCH_MS + skewMs + scheduler.now()),
      elapsed: () => scheduler.now() - startedAt,
      sleep,
      newId: () => {
        ids += 1
        return `${name}-${ids}`
      },
    },
    crash: () => {
      held.length = 0
      change('dead')
    },
    freeze: (ms) => {
      if (state !== 'up') return
      change('frozen')
      scheduler.later(ms, () => {
        if (state !== 'frozen') return
        change('up')
        for (const act of held.splice(0)) scheduler.later(random.next() * THAW_MS, () => enter(act))
      })
    },
    onChange: (act) => void listeners.push(act),
  }
}
