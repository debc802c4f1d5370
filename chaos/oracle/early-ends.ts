import type { Evidence } from './evidence.ts'

/** A run that its worker's fate ended, and whether a fault on that worker explains it. */
export interface EarlyEnd {
  threadId: string
  runId: string
  cause: string
  workerId: string
  why: 'killed' | 'frozen' | 'drained' | 'nothing was done to its worker'
}

/** A worker that thawed is lost to the others until its next beat has reached them. */
const WAKE_MS_MAX = 2_000

/** Runs that ended as WORKER_LOST or WORKER_SHUTDOWN. */
export const earlyEndsOf = ({ threads, lives }: Evidence): EarlyEnd[] => {
  const ends: EarlyEnd[] = []
  for (const { threadId, runs } of threads.values()) {
    for (const { runId, claims, terminal } of runs) {
      if (terminal?.cause !== 'worker-lost' && terminal?.cause !== 'worker-shutdown') continue
      const { workerId, time } = claims[0]!
      const life = lives.find((other) => other.workerId === workerId)
      const during = (at: number | undefined) => at !== undefined && at <= terminal.time
      const wasFrozen = life?.frozen.some(({ from, to }) => from <= terminal.time && to + WAKE_MS_MAX >= time)
      const why = during(life?.killedAt)
        ? 'killed'
        : wasFrozen
          ? 'frozen'
          : during(life?.drainedAt)
            ? 'drained'
            : 'nothing was done to its worker'
      ends.push({ threadId, runId, cause: terminal.cause, workerId, why })
    }
  }
  return ends
}
