import type { Command } from '../command/command.ts'
import type { Connection } from '../connection.ts'
import type { RunnerError } from '../errors.ts'
import { cloudEventHeaders } from '../fan-in/cloud-event.ts'
import { acceptedFact, endedFacts, rejectedFact, startedFact } from '../fan-in/facts.ts'
import type { RunFact } from '../fan-in/run-fact.ts'
import type { CompactedEvents } from '../log/compacted.ts'
import type { Run, ThreadState } from '../log/reducer.ts'

export type PublisherParts = Pick<Connection, 'producer' | 'topics' | 'system' | 'format' | 'config'> & {
  workerId: string
}

/** What the shared topics tell of runs: schemas/avro/run-fact.avsc and thread.avsc. Each @throws RunnerError BROKER_UNAVAILABLE. */
export const createPublisher = (parts: PublisherParts) => {
  const { producer, topics, system, format, config, workerId } = parts

  const tell = async (facts: readonly RunFact[], traceparent?: string): Promise<void> => {
    const sent = facts.map((fact) =>
      producer.send({
        topic: topics.runs.name,
        key: fact.threadId,
        value: format.encode('run-fact', fact),
        headers: cloudEventHeaders(config.prefix, fact, format.contentType, traceparent),
      }),
    )
    await Promise.all(sent)
  }
  const enter = (threadId: string, state: ThreadState): Promise<void> => {
    const entry = directoryEntry(threadId, state, system.now())
    return producer.send({ topic: topics.threads.name, key: threadId, value: format.encode('thread', entry) })
  }
  const teller = () => ({ workerId, now: system.now() })

  return {
    accepted: (command: Command): Promise<void> =>
      tell([acceptedFact(command, teller())], command.traceparent),
    rejected: (command: Command, why: Partial<Pick<RunnerError, 'code' | 'message'>> = {}): Promise<void> =>
      tell([rejectedFact(command, why, teller())], command.traceparent),
    started: async (threadId: string, state: ThreadState, run: Run, traceparent?: string): Promise<void> => {
      await Promise.all([enter(threadId, state), tell([startedFact(threadId, run)], traceparent)])
    },
    /** With its events, so that nobody has to read the thread for them. */
    ended: async (
      threadId: string,
      state: ThreadState,
      run: Run,
      parts: readonly CompactedEvents[],
      traceparent?: string,
    ): Promise<void> => {
      const facts = endedFacts(threadId, run, parts, system.now())
      await Promise.all([enter(threadId, state), tell(facts, traceparent)])
    },
  }
}

export type Publisher = ReturnType<typeof createPublisher>

const statusOf = (run: Run): 'running' | 'finished' | 'failed' => {
  if (run.terminal === undefined) return 'running'
  return run.terminal.type === 'RUN_FINISHED' ? 'finished' : 'failed'
}

const directoryEntry = (threadId: string, { past, latest }: ThreadState, now: number) => ({
  version: 1,
  threadId,
  agentId: latest?.agentId ?? '',
  runId: latest?.runId ?? '',
  status: latest === undefined ? 'failed' : statusOf(latest),
  runs: past.length + (latest === undefined ? 0 : 1),
  seq: latest?.lastSeq ?? 0,
  createdAt: (past[0] ?? latest)?.claims[0]?.time ?? now,
  updatedAt: now,
})
