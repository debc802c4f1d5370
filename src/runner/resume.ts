import type { BaseEvent } from '@ag-ui/client'
import type { RunHistory } from '../log/history.ts'
import type { Run } from '../log/reducer.ts'
import { compactRun } from '../run/compact.ts'
import { type AnyEvent, toBaseEvent } from '../run/event.ts'
import { firstSeqOf, lastSeqOf, type Seqs, withoutUpTo } from '../run/seqs.ts'
import { type Cursor, cursorUnknown, printCursor } from './cursor.ts'
import type { ReadEvent } from './read-event.ts'

/**
 * Exactly what a reader is missing: applied to what it has, it gives the messages and the state that a replay
 * from the beginning gives, whether it read raw events or a run record, and whichever is there now. Joined
 * deltas are cut where the reader's last one ends, since a run record says where that is.
 * @throws RunnerError CURSOR_UNKNOWN
 */
export const eventsAfter = (read: readonly RunHistory[], cursor: Cursor): ReadEvent[] => {
  const runs = read.map((run) => asRecorded(run, cursor))
  assertKnown(runs, cursor)
  return runs
    .filter(({ run }) => run.lastSeq > cursor.seq && !isPhantom(run))
    .flatMap((history) => missingOf(history, cursor))
}

/** A finished run whose run record does not stand yet, as that will be: a replay does not depend on the moment. */
const asRecorded = (history: RunHistory, after: Cursor): RunHistory => {
  const { run, events } = history
  // Of a run that the reader has a part of, not all was kept.
  if (run.terminal === undefined || run.recordedBy !== undefined || run.firstSeq <= after.seq) return history
  return { run, ...compactRun(events as unknown as AnyEvent[], history.seqs as number[]) } as RunHistory
}

/** A run that failed before its first event. Its caller was told; the thread never had it. */
export const isPhantom = ({ terminal, firstSeq, lastSeq }: Run): boolean =>
  terminal?.type === 'RUN_ERROR' && firstSeq === lastSeq

/** What is missing of a run that does not end before the cursor. */
const missingOf = (history: RunHistory, cursor: Cursor): ReadEvent[] => {
  // Of a run that goes on nothing is joined, and each event has a seq of its own.
  if (history.run.terminal === undefined && cursor.count === 0) return rawAfter(history, cursor.seq)
  const from = history.run.firstSeq > cursor.seq + 1 ? { seq: history.run.firstSeq - 1, count: 0 } : cursor
  const pieces: Piece[] = []
  for (const [at, event] of history.events.entries()) {
    const piece = at < from.count ? undefined : pieceAfter(event, history.seqs[at]!, from.seq)
    if (piece !== undefined) pieces.push({ ...piece, place: at + 1 })
  }
  // What the reader has of the run record may reach beyond what it is still to get.
  const reached = history.seqs
    .slice(0, from.count)
    .reduce<number>((seq, seqs) => Math.max(seq, lastSeqOf(seqs)), from.seq)
  const cursors = cursorsOf(pieces, from, reached)
  return pieces.map(({ event }, at) => ({ event, cursor: cursors[at]! }))
}

const rawAfter = ({ events, seqs }: RunHistory, seq: number): ReadEvent[] => {
  const due: ReadEvent[] = []
  for (const [at, event] of events.entries())
    if ((seqs[at] as number) > seq) due.push({ event, cursor: String(seqs[at]) })
  return due
}

/** What a reader is missing of an event. */
interface Piece {
  event: BaseEvent
  seqs: Seqs
  /** Of its event among those of the run, from 1. */
  place: number
}

const pieceAfter = (event: BaseEvent, seqs: Seqs, seq: number): Omit<Piece, 'place'> | undefined => {
  if (lastSeqOf(seqs) <= seq) return undefined
  if (typeof seqs === 'number' || firstSeqOf(seqs) > seq) return { event, seqs }
  const { spans, chars } = withoutUpTo(seqs, seq)
  const delta = String((event as AnyEvent).delta).slice(chars)
  return { event: toBaseEvent({ ...event, delta }), seqs: spans }
}

/** A plain seq wherever nothing below it is still to come; else the count of events as well. */
const cursorsOf = (pieces: readonly Piece[], from: Cursor, reached: number): string[] => {
  const firstToCome: number[] = []
  for (const [at, { seqs }] of [...pieces.entries()].reverse())
    firstToCome[at] = Math.min(firstSeqOf(seqs), firstToCome[at + 1] ?? Number.POSITIVE_INFINITY)
  let seq = reached
  return pieces.map(({ seqs, place }, at) => {
    seq = Math.max(seq, lastSeqOf(seqs))
    const whole = seq < (firstToCome[at + 1] ?? Number.POSITIVE_INFINITY)
    return printCursor(whole ? { seq, count: 0 } : { seq: from.seq, count: place })
  })
}

/** A cursor that this thread cannot have given is not passed over: what its reader has is of another thread. */
const assertKnown = (runs: readonly RunHistory[], cursor: Cursor): void => {
  const end = runs.at(-1)?.run.lastSeq ?? 0
  if (cursor.count === 0 && cursor.seq <= end) return
  const { run, events = [] } = runs.find(({ run }) => run.lastSeq > cursor.seq) ?? {}
  if (run?.terminal !== undefined && cursor.count <= events.length) return
  throw cursorUnknown(cursor, end)
}
