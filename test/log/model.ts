import type { BaseEvent } from '@ag-ui/client'
import fc from 'fast-check'
import { ThreadHistory } from '../../src/log/history.ts'
import { keyOf, type LogRecord, type NewRecord } from '../../src/log/record.ts'
import {
  applyRecord,
  EMPTY_THREAD,
  isRejected,
  lastSeq,
  latestClaim,
  memoryOf,
  openRun,
  runOf,
  type ThreadState,
} from '../../src/log/reducer.ts'
import { runRecordsOf } from '../../src/worker/compaction.ts'

/** A record in a model log. Offsets stay when the cleaner removes others. */
export interface Entry {
  offset: number
  key: string
  record: LogRecord
}

/** Which rule of the writers to break, to show that the properties notice. */
export type Broken = 'none' | 'tombstones terminal events' | 'repeats keys' | 'tombstones memories'

/**
 * A worker that keeps docs/protocol.md, "Writing a thread log", unless told to break it. It may read late,
 * guess wrongly that another is lost, repeat an append, and stop between any two steps.
 */
class ModelWorker {
  readonly #log: Entry[]
  readonly #name: string
  readonly #broken: Broken
  readonly #history = new ThreadHistory('latest')
  #readUpTo = 0
  /** The claim that it read back as valid. */
  #holds: string | undefined
  /** The claim that it appended and has not read back. */
  #bids: string | undefined
  #seq = 0
  #version = 0
  #last: NewRecord | undefined
  #repeats = 0

  constructor(log: Entry[], name: string, broken: Broken) {
    this.#log = log
    this.#name = name
    this.#broken = broken
  }

  get #state(): ThreadState {
    return this.#history.state
  }

  #append(record: NewRecord, attempt = 0): void {
    this.#log.push({ offset: this.#log.length, key: keyOf(record, attempt), record })
    this.#last = record
  }

  read(): void {
    for (const { record, key } of this.#log.slice(this.#readUpTo)) this.#history.apply(record, key)
    this.#readUpTo = this.#log.length
    const latest = latestClaim(this.#state)?.claimId
    if (this.#bids !== undefined && this.#bids === latest) {
      this.#holds = this.#bids
      this.#seq = lastSeq(this.#state)
      this.#version = memoryOf(this.#state, 'a')?.version ?? 0
    }
    if (this.#holds !== latest) this.#holds = undefined
    this.#bids = undefined
  }

  #bid(claim: 'new' | 'takeover', commandId: string, runId: string): void {
    const claimId = `claim-${this.#log.length}`
    const after = latestClaim(this.#state)?.claimId ?? null
    const who = { agentId: 'a', workerId: this.#name, instanceId: this.#name, time: 0 }
    this.#append({ kind: 'claim', claimId, after, claim, commandId, runId, ...who })
    this.#bids = claimId
    this.#holds = undefined
  }

  /** One of a small set, so that several workers get the same one. */
  #commandAtHand(): string {
    return `command-${Math.floor(this.#log.length / 12)}`
  }

  claim(): void {
    const commandId = this.#commandAtHand()
    if (this.#bids !== undefined || openRun(this.#state) !== undefined) return
    if (isRejected(this.#state, commandId)) return
    if (runOf(this.#state, commandId) === undefined) this.#bid('new', commandId, `run-of-${commandId}`)
  }

  takeover(): void {
    const open = openRun(this.#state)
    if (this.#bids === undefined && open !== undefined) this.#bid('takeover', open.commandId, open.runId)
  }

  #emit(event: object): void {
    if (this.#holds === undefined) return
    this.#seq += 1
    const record = { claimId: this.#holds, seq: this.#seq, event: event as BaseEvent, time: 0 }
    this.#append({ kind: 'event', ...record })
  }

  event(): void {
    this.#emit({ type: 'TEXT_MESSAGE_CONTENT', messageId: 'm', delta: `${this.#log.length} ` })
  }

  remember(): void {
    if (this.#holds === undefined) return
    this.#version += 1
    const value = { by: this.#holds, at: this.#log.length }
    this.#append({ kind: 'state', claimId: this.#holds, version: this.#version, value, time: 0 })
  }

  /** Removes memories that nobody reads any more. */
  forget(): void {
    const all = this.#log.flatMap(({ key, record }) => (record.kind === 'state' ? [key] : []))
    const stale = this.#broken === 'tombstones memories' ? all : this.#history.staleStateKeys()
    for (const key of stale) this.#append({ kind: 'tombstone', key })
  }

  finish(): void {
    this.#emit({ type: 'RUN_FINISHED', by: this.#name })
    this.#holds = undefined
  }

  repeat(): void {
    this.#repeats += 1
    if (this.#last === undefined || this.#last.kind === 'tombstone') return
    this.#append(this.#last, this.#broken === 'repeats keys' ? 0 : this.#repeats)
  }

  record(): void {
    const { latest } = this.#state
    if (latest?.terminal === undefined || latest.recordedBy !== undefined) return
    const attempt = `attempt-${this.#log.length}`
    const [record] = runRecordsOf(this.#history.historyOf(latest), attempt)
    if (record === undefined) return
    // In two parts, one of which may be lost with its writer.
    const half = Math.ceil(record.events.length / 2)
    const halves = [
      { events: record.events.slice(0, half), seqs: record.seqs.slice(0, half) },
      { events: record.events.slice(half), seqs: record.seqs.slice(half) },
    ] as const
    this.#append({ ...record, part: 0, parts: 2, ...halves[0] })
    if (this.#log.length % 3 === 0) return
    this.#append({ ...record, part: 1, parts: 2, ...halves[1] })
  }

  tombstones(): void {
    const { latest } = this.#state
    // Only once the run record stands, as read back.
    if (latest?.recordedBy === undefined) return
    for (const key of this.#history.rawKeysOf(latest)) this.#append({ kind: 'tombstone', key })
    if (this.#broken !== 'tombstones terminal events') return
    const terminal = this.#log.find(({ record }) => record.kind === 'event' && record.seq === latest.lastSeq)
    if (terminal !== undefined) this.#append({ kind: 'tombstone', key: terminal.key })
  }

  reject(): void {
    // One of those that workers claim, too, who may have looked at the same moment.
    const commandId = this.#commandAtHand()
    if (isRejected(this.#state, commandId) || runOf(this.#state, commandId) !== undefined) return
    const rejectionId = `rejection-${this.#log.length}`
    this.#append({ kind: 'rejected', rejectionId, commandId, runId: 'r', code: 'THREAD_BUSY', message: '' })
  }

  /** Deletes the thread, if by what it knows no run goes on. */
  erase(): void {
    if (openRun(this.#state) !== undefined) return
    const after = latestClaim(this.#state)?.claimId ?? null
    this.#append({ kind: 'deleted', deletionId: `deletion-${this.#log.length}`, after, time: 0 })
  }

  foreign(): void {
    const { length } = this.#log
    this.#log.push({ offset: length, key: `foreign-${length}`, record: { kind: 'foreign', reason: 'test' } })
  }
}

const ACTS = [
  ...(['claim', 'claim', 'event', 'event', 'finish', 'record', 'tombstones'] as const),
  ...(['takeover', 'repeat', 'reject', 'foreign', 'remember', 'remember', 'forget'] as const),
]

export interface Action {
  who: number
  act: (typeof ACTS)[number] | 'erase'
  /** Whether it reads to the end first, or goes on from what it knew. */
  reads: boolean
}

/** Long scripts: a claim, its events, its end, its record and the next claim are many steps in a row. */
export const actions = (workers: number): fc.Arbitrary<Action[]> =>
  fc.array(
    fc.record({
      who: fc.nat(workers - 1),
      // Rarely, so that most threads live for long.
      act: fc.oneof(
        { weight: 80, arbitrary: fc.constantFrom(...ACTS) },
        { weight: 1, arbitrary: fc.constant('erase' as const) },
      ),
      reads: fc.integer({ min: 0, max: 9 }).map((die) => die < 8),
    }),
    { minLength: 1, maxLength: 120, size: 'max' },
  )

/** Plays actions of several workers into one log. */
export const play = (script: Action[], workers: number, broken: Broken = 'none'): Entry[] => {
  const log: Entry[] = []
  const crew = Array.from({ length: workers }, (_, index) => new ModelWorker(log, `w${index}`, broken))
  for (const { who, act, reads } of script) {
    if (reads) crew[who]?.read()
    crew[who]?.[act]()
  }
  return log
}

/**
 * What Kafka's cleaner keeps below `upTo`: the last record of each key; and below `tombstonesUpTo`, which is
 * past delete.retention.ms, no tombstone either.
 */
export const clean = (log: Entry[], upTo: number, tombstonesUpTo: number): Entry[] => {
  const dirty = log.filter(({ offset }) => offset < upTo)
  const last = new Map(dirty.map(({ key, offset }) => [key, offset]))
  return log.filter(({ offset, key, record }) => {
    if (offset >= upTo) return true
    if (last.get(key) !== offset) return false
    return !(record.kind === 'tombstone' && offset < Math.min(tombstonesUpTo, upTo))
  })
}

export const stateOf = (log: Entry[]): ThreadState =>
  log.reduce((state, { record }) => applyRecord(state, record)[0], EMPTY_THREAD)

export const historyOf = (log: Entry[]): ThreadHistory => {
  const history = new ThreadHistory('all')
  for (const { record, key } of log) history.apply(record, key)
  return history
}
