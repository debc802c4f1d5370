import type { Run, ThreadState } from '../log/reducer.ts'

export interface RunStatus {
  runId: string
  agentId: string
  workerId: string
  status: 'running' | 'finished' | 'failed'
  /** What ended it: the agent itself, a stop, a failure, a lost or leaving worker. */
  cause?: string
  firstSeq: number
  lastSeq: number
  /** Milliseconds since 1970, by the worker's clock. */
  claimedAt: number
}

export interface ThreadStatus {
  threadId: string
  running: boolean
  /** Seq of the last event. */
  seq: number
  /** Records in the log that are not this library's: they are skipped. */
  foreign: number
  runs: RunStatus[]
}

// Not a Place: that type leads to the Kafka clients' own, which a user of this one need not have.
export const threadStatus = (
  threadId: string,
  { state: { past, latest }, foreign }: { state: ThreadState; foreign: number },
): ThreadStatus => {
  const runs = latest === undefined ? [...past] : [...past, latest]
  return {
    threadId,
    running: latest !== undefined && latest.terminal === undefined,
    seq: latest?.lastSeq ?? 0,
    foreign,
    runs: runs.map(runStatus),
  }
}

const runStatus = ({ runId, agentId, claims, terminal, firstSeq, lastSeq }: Run): RunStatus => ({
  runId,
  agentId,
  workerId: claims.at(-1)?.workerId ?? '',
  status: terminal === undefined ? 'running' : terminal.type === 'RUN_FINISHED' ? 'finished' : 'failed',
  cause: terminal?.cause,
  firstSeq,
  lastSeq,
  claimedAt: claims.at(-1)?.time ?? 0,
})
