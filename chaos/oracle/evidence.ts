import type { BaseEvent } from '@ag-ui/client'
import { threadTopic } from '../../src/topics.ts'
import type { WorkerLife } from '../fleet.ts'
import type { JournalLine } from '../journal.ts'
import type { TakeOver } from '../probe.ts'
import type { Recordings } from '../recording.ts'
import type { RawRecord } from './raw-log.ts'
import { type LogRun, readThreadLog, type ThreadLog } from './thread-log.ts'

/** Something promised that was not kept. */
export interface Violation {
  /** Of docs/protocol.md, or what else was to be reached. */
  promise: string
  what: string
  threadId?: string
}

/** A command as it stands in the commands topic. */
export interface SentCommand {
  commandId: string
  threadId: string
  runId: string
}

/** All that is known after a chaos run. */
export interface Evidence {
  commands: SentCommand[]
  /** `[threadId, runId]` of every stop request, as JSON. */
  stopRequests: Set<string>
  deadLetters: number
  /** The runs topic. */
  lifecycle: { commandId: string; fact: string; cause?: string; lastSeq: number }[]
  threads: Map<string, ThreadLog>
  runs: Map<string, { run: LogRun; threadId: string }>
  recordings: Recordings
  journal: JournalLine[]
  lives: WorkerLife[]
  takeOvers: TakeOver[]
  /** What `connect` of the library gives at the end, by thread. */
  replays: Map<string, BaseEvent[]>
}

export interface EvidenceSources
  extends Pick<Evidence, 'recordings' | 'journal' | 'lives' | 'takeOvers' | 'replays'> {
  prefix: string
  topics: Map<string, RawRecord[]>
}

export const gatherEvidence = ({ prefix, topics, ...rest }: EvidenceSources): Evidence => {
  const commands = new Map<string, SentCommand>()
  for (const { value } of topics.get(`${prefix}.commands`) ?? []) {
    const { commandId, threadId, input } = JSON.parse(value ?? '{}')
    commands.set(commandId, { commandId, threadId, runId: input.runId })
  }
  const threads = new Map<string, ThreadLog>()
  for (const threadId of new Set([...commands.values()].map((command) => command.threadId))) {
    threads.set(threadId, readThreadLog(threadId, topics.get(threadTopic(prefix, threadId)) ?? []))
  }
  const runs = new Map<string, { run: LogRun; threadId: string }>()
  for (const { threadId, runs: own } of threads.values())
    for (const run of own) runs.set(run.runId, { run, threadId })
  return {
    ...rest,
    commands: [...commands.values()],
    stopRequests: new Set(
      (topics.get(`${prefix}.control`) ?? []).map(({ value }) => {
        const { threadId, runId } = JSON.parse(value ?? '{}')
        return JSON.stringify([threadId, runId])
      }),
    ),
    lifecycle: (topics.get(`${prefix}.runs`) ?? []).map(({ value }) => JSON.parse(value ?? '{}')),
    deadLetters: topics.get(`${prefix}.dead-letter`)?.length ?? 0,
    threads,
    runs,
  }
}
