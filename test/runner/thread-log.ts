import type { BaseEvent } from '@ag-ui/client'
import { decodeRecord, encodeRecord } from '../../src/log/codec.ts'
import { ThreadHistory } from '../../src/log/history.ts'
import { keyOf, type NewRecord } from '../../src/log/record.ts'
import { parseCursor } from '../../src/runner/cursor.ts'
import type { ReadEvent } from '../../src/runner/read-event.ts'
import { eventsAfter } from '../../src/runner/resume.ts'
import { runRecordsOf } from '../../src/worker/compaction.ts'

/**
 * A thread log as its writer leaves it, in wire form and back: the first `compacted` runs have a run record,
 * and Kafka's cleaner has removed most of their raw events.
 */
export const logOf = (runs: readonly BaseEvent[][], compacted: number): NewRecord[] => {
  const writer = new ThreadHistory('latest')
  const log: NewRecord[] = []
  let seq = 0
  for (const [at, events] of runs.entries()) {
    const claimId = `claim-${at}`
    const after = at === 0 ? null : `claim-${at - 1}`
    const who = {
      commandId: `command-${at}`,
      runId: `run-${at}`,
      agentId: 'a',
      workerId: 'w',
      instanceId: 'w',
      time: 0,
    }
    const claim: NewRecord = { kind: 'claim', claimId, after, claim: 'new', ...who }
    const raw = events.map((event): NewRecord => {
      seq += 1
      return { kind: 'event', claimId, seq, event, time: 0 }
    })
    for (const record of [claim, ...raw]) writer.apply(record, keyOf(record))
    const run = writer.state.latest!
    if (at >= compacted || run.terminal === undefined) log.push(claim, ...raw)
    else {
      const left = raw.filter((_, place) => place % 5 === 1 || place === raw.length - 1)
      log.push(claim, ...left, ...runRecordsOf(writer.historyOf(run), `attempt-${at}`))
    }
  }
  return log.map((record) => decodeRecord(encodeRecord(record)) as NewRecord)
}

/** What a reader with the cursor is given of a thread. */
export const readAfter = (runs: readonly BaseEvent[][], compacted: number, after: string): ReadEvent[] => {
  const cursor = parseCursor(after)
  const history = new ThreadHistory('all', cursor.seq)
  for (const record of logOf(runs, compacted)) history.apply(record, keyOf(record))
  return eventsAfter(history.runs(), cursor)
}
