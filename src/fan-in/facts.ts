import type { Command } from '../command/command.ts'
import type { RunnerError } from '../errors.ts'
import type { CompactedEvents } from '../log/compacted.ts'
import type { Run } from '../log/reducer.ts'
import { firstSeqOf, rawSeqs } from '../run/seqs.ts'
import { firstTime, lastTime } from '../run/times.ts'
import type { Fact, RunFact, RunFactEvent } from './run-fact.ts'

/** Whose word it is. */
export interface Teller {
  workerId: string
  /** Milliseconds since 1970. */
  now: number
}

/** A worker has the command in hand and did not turn it away. */
export const acceptedFact = (command: Command, teller: Teller): RunFact =>
  ofCommand('accepted', command, teller)

/** No run will come of the command. */
export const rejectedFact = (
  command: Command,
  { code, message }: Partial<Pick<RunnerError, 'code' | 'message'>>,
  teller: Teller,
): RunFact => ({ ...ofCommand('rejected', command, teller), code, message })

/** A worker holds a valid claim for it. */
export const startedFact = (threadId: string, run: Run): RunFact => {
  const claim = run.claims[0]!
  return { ...ofRun(threadId, run), id: idOf(run.commandId, 'started'), fact: 'started', time: claim.time }
}

/** How it ended, with its events: as many records as there are parts. `now` is for old logs that do not tell. */
export const endedFacts = (
  threadId: string,
  run: Run,
  parts: readonly CompactedEvents[],
  now: number,
): RunFact[] => {
  const last = parts.at(-1)
  const terminal = last?.events.at(-1) as { code?: string; message?: string; type: string } | undefined
  const lastTimes = last?.times?.at(-1)
  return parts.map((part, at) => ({
    ...ofRun(threadId, run),
    id: idOf(run.commandId, 'ended'),
    fact: endOf(run),
    time: lastTimes === undefined ? now : lastTime(lastTimes),
    cause: run.terminal?.cause,
    ...(terminal?.type === 'RUN_ERROR' && { code: short(terminal.code), message: short(terminal.message) }),
    firstSeq: run.firstSeq,
    lastSeq: run.lastSeq,
    part: at,
    parts: parts.length,
    events: eventsOf(part),
  }))
}

/** The whole of it is in the event, and a record has to hold both. */
const TEXT_CHARS_MAX = 4_000

const short = (text: string | undefined): string | undefined => text?.slice(0, TEXT_CHARS_MAX)

const ofCommand = (
  fact: Fact,
  { threadId, commandId, agentId, input }: Command,
  { workerId, now }: Teller,
): RunFact => ({
  version: 1,
  id: idOf(commandId, fact),
  fact,
  threadId,
  runId: input.runId,
  commandId,
  agentId,
  workerId,
  time: now,
  part: 0,
  parts: 1,
  events: [],
})

const ofRun = (threadId: string, run: Run) => ({
  version: 1 as const,
  threadId,
  runId: run.runId,
  commandId: run.commandId,
  agentId: run.agentId,
  workerId: run.claims.at(-1)?.workerId ?? '',
  claimId: run.claims[0]?.claimId,
  startedAt: run.claims[0]?.time,
  part: 0,
  parts: 1,
  events: [],
})

const idOf = (commandId: string, fact: Fact | 'ended'): string => `${commandId}/${fact}`

const endOf = ({ terminal }: Run): Fact => {
  if (terminal?.cause === 'stop' || terminal?.cause === 'superseded') return 'stopped'
  return terminal?.type === 'RUN_FINISHED' ? 'finished' : 'failed'
}

const eventsOf = ({ events, seqs, times }: CompactedEvents): RunFactEvent[] =>
  events.map((event, at) => ({
    seq: firstSeqOf(seqs[at]!),
    count: rawSeqs(seqs[at]!).length,
    type: event.type,
    time: times && firstTime(times[at]!),
    until: times && lastTime(times[at]!),
    event,
  }))
