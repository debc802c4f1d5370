import type { SharedProducer } from '../kafka/producer.ts'
import type { Run, ThreadState } from '../log/reducer.ts'
import type { System } from '../system.ts'
import type { SharedTopics } from '../topics.ts'

export interface PublisherParts {
  producer: SharedProducer
  topics: SharedTopics
  system: System
}

/** What the shared topics tell of a run: schemas/run-lifecycle.json and schemas/thread.json. */
export const createPublisher = ({ producer, topics, system }: PublisherParts) => {
  const send = (topic: string, key: string, value: unknown) =>
    producer.send({ topic, key, value: Buffer.from(JSON.stringify(value)) })

  return {
    /** The directory's record and the lifecycle record of a run, at its start or at its end. */
    publish: async (threadId: string, state: ThreadState, run: Run): Promise<void> => {
      await Promise.all([
        send(topics.threads.name, threadId, directoryEntry(threadId, state, system.now())),
        send(topics.runs.name, threadId, lifecycle(threadId, run, system.now())),
      ])
    },
  }
}

const statusOf = (run: Run): 'running' | 'finished' | 'failed' => {
  if (run.terminal === undefined) return 'running'
  return run.terminal.type === 'RUN_FINISHED' ? 'finished' : 'failed'
}

const directoryEntry = (threadId: string, { past, latest }: ThreadState, now: number) => ({
  version: 1,
  threadId,
  agentId: latest?.agentId,
  runId: latest?.runId,
  status: latest && statusOf(latest),
  runs: past.length + (latest === undefined ? 0 : 1),
  seq: latest?.lastSeq ?? 0,
  createdAt: (past[0] ?? latest)?.claims[0]?.time,
  updatedAt: now,
})

const lifecycle = (threadId: string, run: Run, now: number) => ({
  version: 1,
  // Of the fact, not of the record: who publishes it again after a crash gives it the same.
  id: `${run.commandId}/${run.terminal === undefined ? 'started' : 'ended'}`,
  threadId,
  runId: run.runId,
  commandId: run.commandId,
  agentId: run.agentId,
  workerId: run.claims.at(-1)?.workerId,
  claimId: run.claims.at(-1)?.claimId,
  status: statusOf(run),
  cause: run.terminal?.cause,
  firstSeq: run.firstSeq,
  lastSeq: run.lastSeq,
  time: now,
})
