import type { CONCURRENT_RUN_MODES } from '../../src/config.ts'
import type { NetworkProfile } from './network.ts'
import type { Random } from './random.ts'
import { type Script, writeScript } from './script.ts'

/** What callers do. */
export type Act =
  | { do: 'run'; api: number; threadId: string; runId: string; agentId: string; mode: Mode }
  /** Ends with its process, or after `leavesAfterMs`; goes on then, where it was, `backAfterMs` later at any API process. */
  | {
      do: 'connect'
      api: number
      threadId: string
      follow: boolean
      leavesAfterMs?: number
      backAfterMs?: number
    }
  | { do: 'stop'; api: number; threadId: string; runId: string }
  /** A producer's retry, as Kafka sees it: the last command again. */
  | { do: 'repeat command' }
  | { do: 'send poison' }

/** What goes wrong. */
export type Fault =
  /** `sameId`: its successor is configured with the same worker id. */
  | { do: 'crash worker'; worker: number; backAfterMs: number; sameId: boolean }
  /** SIGTERM, and another one in its place. */
  | { do: 'drain worker'; worker: number; backAfterMs: number }
  | { do: 'freeze worker'; worker: number; ms: number }
  | { do: 'crash api'; api: number }
  | { do: 'freeze api'; api: number; ms: number }
  | { do: 'rebalance' }
  | { do: 'outage'; ms: number }
  /** Kafka's cleaner passes over a thread's log, up to a share of it. */
  | { do: 'clean'; threadId: string; share: number; tombstones: boolean }

export type Mode = (typeof CONCURRENT_RUN_MODES)[number]

export type Timed<T> = T & { atMs: number }

interface WorkerSettings {
  maxConcurrentRuns: number
  pendingEventsMax: number
  threadsCachedMax: number
  queuedRunsMax: number
  waitingCommandsMax: number
  runTimeoutMs: number
}

/** All that a seed decides before the simulation begins; the rest is chance of the way. */
export interface Plan {
  workers: number
  apis: number
  threads: string[]
  acts: Timed<Act>[]
  faults: Timed<Fault>[]
  scripts: Map<string, Script>
  network: NetworkProfile
  settings: WorkerSettings
  /** Whether API processes have workers of their own too. */
  embedded: boolean
  commandTtlMs: number
  skewMsMax: number
}

/** Callers act within this time, */
const ACTIVE_MS = 12_000
/** things go wrong within this time, and after it nothing does any more. */
export const FAULTS_MS = 18_000
const PACE_MS_MAX = 600

export const planFrom = (random: Random): Plan => {
  const threads = ['t0', 't1', 't2'].slice(0, random.int(1, 3))
  const apis = 2
  const workers = random.int(2, 3)
  const runs = Array.from({ length: random.int(4, 9) }, (_, index) => ({
    runId: `r${index}`,
    threadId: random.pick(threads),
    atMs: random.next() * ACTIVE_MS,
  }))
  const mode = random.pick<Mode>(['reject', 'reject', 'enqueue', 'supersede'])
  const pace = random.pick([5, 60, PACE_MS_MAX])
  const scripts = new Map(
    runs.map(({ runId, threadId }) => [runId, writeScript(random, runId, threadId, pace)]),
  )
  return {
    workers,
    apis,
    threads,
    acts: [
      ...runs.map((run) => ({ ...run, ...requestOf(random, mode), api: random.int(0, apis - 1) })),
      ...readings(random, threads, apis),
      ...stopsOf(random, runs, apis),
      ...(random.chance(0.3) ? [{ do: 'repeat command', atMs: random.next() * ACTIVE_MS } as const] : []),
      ...(random.chance(0.1) ? [{ do: 'send poison', atMs: random.next() * ACTIVE_MS } as const] : []),
    ],
    faults: Array.from({ length: random.int(0, 5) }, () => ({
      ...faultOf(random, workers, apis, threads),
      atMs: random.next() * FAULTS_MS,
    })),
    scripts,
    network: random.pick([
      { hopMs: 1, slow: 0, slowMs: 0, loss: 0 },
      { hopMs: 2, slow: 0.02, slowMs: 500, loss: 0.03 },
      { hopMs: 10, slow: 0.05, slowMs: 3_000, loss: 0.08 },
    ]),
    settings: {
      maxConcurrentRuns: random.pick([1, 2, 100]),
      pendingEventsMax: random.pick([1, 3, 1_000]),
      threadsCachedMax: random.pick([1, 100]),
      queuedRunsMax: random.pick([1, 100]),
      waitingCommandsMax: random.pick([1, 100]),
      runTimeoutMs: random.pick([60_000, 1_500]),
    },
    embedded: random.chance(0.3),
    commandTtlMs: random.pick([60_000, 60_000, 6_000]),
    skewMsMax: random.pick([0, 2_000, 20_000]),
  }
}

const requestOf = (random: Random, mode: Mode) =>
  ({
    do: 'run',
    mode,
    agentId: random.chance(0.03) ? 'unknown' : random.chance(0.3) ? 'restartable' : 'simulated',
  }) as const

const readings = (random: Random, threads: string[], apis: number): Timed<Act>[] =>
  Array.from({ length: random.int(1, 4) }, () => {
    const leaves = random.chance(0.5)
    return {
      do: 'connect',
      api: random.int(0, apis - 1),
      threadId: random.pick(threads),
      atMs: random.next() * ACTIVE_MS,
      // One that follows ends by leaving only.
      follow: leaves && random.chance(0.7),
      leavesAfterMs: leaves ? random.next() * 4_000 : undefined,
      backAfterMs: leaves && random.chance(0.7) ? random.next() * 5_000 : undefined,
    }
  })

/** Of runs that are to come, go on or are over. */
const stopsOf = (
  random: Random,
  runs: { runId: string; threadId: string; atMs: number }[],
  apis: number,
): Timed<Act>[] =>
  Array.from({ length: random.int(0, 3) }, () => {
    const { runId, threadId, atMs } = random.pick(runs)
    const api = random.int(0, apis - 1)
    return { do: 'stop', api, threadId, runId, atMs: Math.max(0, atMs + random.next() * 3_000 - 500) }
  })

const faultOf = (random: Random, workers: number, apis: number, threads: string[]): Fault => {
  const worker = random.int(0, workers - 1)
  const api = random.int(0, apis - 1)
  const backAfterMs = random.next() * 5_000
  const sameId = random.chance(0.5)
  const ms = random.pick([500, 3_000, 5_000, 9_000]) * (0.5 + random.next())
  const die = random.next()
  if (die < 0.25) return { do: 'crash worker', worker, backAfterMs, sameId }
  if (die < 0.5) return { do: 'freeze worker', worker, ms }
  if (die < 0.6) return { do: 'drain worker', worker, backAfterMs }
  if (die < 0.7) return { do: 'rebalance' }
  if (die < 0.78) return { do: 'outage', ms }
  if (die < 0.84) return { do: 'crash api', api }
  if (die < 0.88) return { do: 'freeze api', api, ms }
  return { do: 'clean', threadId: random.pick(threads), share: random.next(), tombstones: random.chance(0.5) }
}
