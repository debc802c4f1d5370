import { randomUUID } from 'node:crypto'
import type { BaseEvent } from '@ag-ui/client'
import { ThreadHistory } from '../../src/log/history.ts'
import type { NewRecord } from '../../src/log/record.ts'
import { runRecordsOf } from '../../src/worker/compaction.ts'
import { inputFor } from '../support/events.ts'
import { useHands } from '../worker/by-hand.ts'

export interface RecordedRun {
  runId: string
  /** Of its first event. */
  startedAt: number
  /** Milliseconds before each delta. */
  pauses: number[]
  /** Whether its record says when its events were. */
  timed?: boolean
}

/** The events of a run, as they were appended: one message in as many deltas as there are pauses. */
const eventsOf = (threadId: string, { runId, startedAt, pauses }: RecordedRun) => {
  const messageId = `message-${runId}`
  const input = inputFor(threadId, { runId })
  let time = startedAt
  const deltas = pauses.map((pause, at) => {
    time += pause
    return { time, event: { type: 'TEXT_MESSAGE_CONTENT', messageId, delta: `${at} ` } }
  })
  return [
    { time: startedAt, event: { type: 'RUN_STARTED', threadId, runId, input } },
    { time: startedAt, event: { type: 'TEXT_MESSAGE_START', messageId, role: 'assistant' } },
    ...deltas,
    { time, event: { type: 'TEXT_MESSAGE_END', messageId } },
    { time, event: { type: 'RUN_FINISHED', threadId, runId } },
  ] as { time: number; event: BaseEvent }[]
}

/**
 * Writes a thread whose runs are all compacted and cleaned: of the raw events only the terminal ones are left. Gives
 * the events as they were appended.
 */
export const useRecordedThread = async (
  kafka: { brokers: string[]; prefix: string },
  threadId: string,
  runs: RecordedRun[],
) => {
  const { logs, commandFor, claimFor } = useHands(kafka)
  await logs.ensure(threadId)
  const appended: { seq: number; time: number; runId: string; event: BaseEvent }[] = []
  let after: string | null = null
  for (const run of runs) {
    const command = commandFor(inputFor(threadId, { runId: run.runId }), 'a')
    const claim = claimFor(command, { after, time: run.startedAt })
    const raw = eventsOf(threadId, run).map(({ time, event }, at) => ({
      seq: appended.length + at + 1,
      time,
      runId: run.runId,
      event,
    }))
    appended.push(...raw)
    const records = raw.map(
      ({ seq, time, event }, at): NewRecord => ({
        kind: 'event',
        claimId: claim.claimId,
        seq,
        event,
        time,
        ...(at === raw.length - 1 && { cause: 'agent' as const }),
      }),
    )
    const history = new ThreadHistory('latest')
    for (const record of [{ ...claim, after: null }, ...records]) history.apply(record)
    // The reducer counts from one; these are the thread's own.
    const written = {
      ...history.historyOf(history.state.latest!),
      run: { ...history.state.latest!, firstSeq: raw[0]!.seq },
    }
    const kept = runRecordsOf(written, randomUUID()).map(({ times, ...record }) =>
      run.timed === false ? record : { ...record, times },
    )
    await logs.append(threadId, [claim, records.at(-1)!, ...kept])
    after = claim.claimId
  }
  return appended
}
