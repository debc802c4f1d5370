import type { BaseEvent } from '@ag-ui/client'
import { RunnerError } from '../errors.ts'
import type { Seqs } from '../run/seqs.ts'
import type { Times } from '../run/times.ts'
import type { LogRecord, RunRecord, StateRecord } from './record.ts'
import { applyRecord, EMPTY_THREAD, missing, type Run, type ThreadState, type Verdict } from './reducer.ts'

interface Events {
  events: BaseEvent[]
  /** For each event, which raw events it stands for. */
  seqs: Seqs[]
  /** For each event, when it was appended; fewer where that is not known. */
  times: Times[]
}

/**
 * A finished or open run with its events, as a replay gives them: compacted where a run record stands for
 * the raw ones.
 */
export interface RunHistory extends Events {
  run: Run
  /** Whether these are the events of its run record. */
  compacted: boolean
}

interface Kept {
  raw: Events
  /** Keys of the raw records that a run record replaces: events, never a terminal one. */
  keys: string[]
  parts: Map<string, RunRecord[]>
  recorded?: Events
}

type StateName = Pick<StateRecord, 'claimId' | 'version'>

/**
 * Collects events beside the reducer: the reducer says what counts, this keeps it. Runs are known by their
 * first claim. `keepOnly` bounds it to the latest run, for a worker that needs no more; `after` to the events
 * that a reader does not have, which are those of higher seqs.
 */
export class ThreadHistory {
  state: ThreadState = EMPTY_THREAD
  readonly #kept = new Map<string, Kept>()
  /** Which state records there are, by key, where keys are given; not what they hold. */
  readonly #states = new Map<string, StateName>()
  readonly #keepOnly: 'all' | 'latest'
  readonly #after: number

  constructor(keepOnly: 'all' | 'latest', after = 0) {
    this.#keepOnly = keepOnly
    this.#after = after
  }

  /** The key is for `rawKeysOf`, where that is wanted. */
  apply(record: LogRecord, key?: string): Verdict {
    const [state, verdict] = applyRecord(this.state, record)
    this.state = state
    this.#keep(verdict, key)
    if (record.kind === 'state' && key !== undefined) {
      const { claimId, version } = record
      this.#states.set(key, { claimId, version })
    }
    if (record.kind === 'tombstone') this.#states.delete(record.key)
    return verdict
  }

  #keep(verdict: Verdict, key?: string): void {
    switch (verdict.did) {
      case 'claim':
        if (this.#keepOnly === 'latest') this.#kept.clear()
        this.#kept.set(idOf(verdict.run), { raw: noEvents(), keys: [], parts: new Map() })
        return
      case 'show': {
        const kept = this.#keptOf(verdict.run)
        if (kept !== undefined && verdict.record.seq > this.#after) {
          kept.raw.events.push(verdict.record.event)
          kept.raw.seqs.push(verdict.record.seq)
          kept.raw.times.push(verdict.record.time)
        }
        if (verdict.run.terminal === undefined && key !== undefined) kept?.keys.push(key)
        return
      }
      case 'part':
      case 'record': {
        const kept = this.#keptOf(verdict.run)
        if (kept === undefined || verdict.run.lastSeq <= this.#after) return
        const parts = kept.parts.get(verdict.record.attempt) ?? []
        parts[verdict.record.part] = verdict.record
        kept.parts.set(verdict.record.attempt, parts)
        if (verdict.did === 'record') {
          kept.recorded = {
            events: parts.flatMap(({ events }) => events),
            seqs: parts.flatMap(({ seqs }) => seqs),
            times: parts.flatMap(({ times = [] }) => times),
          }
          kept.parts.clear()
          kept.raw = noEvents()
        }
        return
      }
      case 'delete':
        this.#states.clear()
        this.#kept.clear()
        return
      case 'nothing':
      case 'takeover':
      case 'reject':
      case 'remember':
        return
      default:
        verdict satisfies never
    }
  }

  #keptOf(run: Run): Kept | undefined {
    return this.#kept.get(idOf(run))
  }

  /** A run with its events, raw or compacted; none when they were not kept. */
  historyOf(run: Run): RunHistory {
    const kept = this.#keptOf(run)
    const { events, seqs, times } = kept?.recorded ?? kept?.raw ?? noEvents()
    return { run, events, seqs, times, compacted: kept?.recorded !== undefined }
  }

  eventsOf(run: Run): BaseEvent[] {
    return this.historyOf(run).events
  }

  /** Keys of the latest run's raw events, to be tombstoned once its run record stands. */
  rawKeysOf(run: Run): string[] {
    return this.#keptOf(run)?.keys ?? []
  }

  /** Keys of the state records that nobody reads any more: they were replaced, or never counted. */
  staleStateKeys(): string[] {
    const newest = Object.values(this.state.memories ?? {})
    const isNewest = ({ claimId, version }: StateName) =>
      newest.some((memory) => memory.claimId === claimId && memory.version === version)
    return [...this.#states].flatMap(([key, record]) => (isNewest(record) ? [] : [key]))
  }

  /**
   * All runs in order. Call it only where the log was read to its high watermark.
   * @throws RunnerError LOG_DAMAGED
   */
  runs(): RunHistory[] {
    const { past, latest } = this.state
    const runs = latest === undefined ? past : [...past, latest]
    for (const run of runs) if (run.lastSeq > this.#after) assertWhole(run)
    return runs.map((run) => this.historyOf(run))
  }

  /** Frees the events of a run whose record stands and whose raw events are gone. */
  forget(run: Run): void {
    this.#kept.delete(idOf(run))
  }
}

const noEvents = (): Events => ({ events: [], seqs: [], times: [] })

const idOf = (run: Run): string => run.claims[0]?.claimId ?? run.commandId

/**
 * Call it only where the log was read to its high watermark: a gap that a later run record would close is damage
 * by then, unless the reader needs nothing of its run.
 * @throws RunnerError LOG_DAMAGED when events of the run are gone and no run record stands for them
 */
export const assertWhole = (run: Run): void => {
  const gap = missing(run)
  if (gap === 0) return
  throw new RunnerError(
    'LOG_DAMAGED',
    `${gap} of the events ${run.firstSeq} to ${run.lastSeq} of run "${run.runId}" are missing from its thread log, ` +
      'and no run record stands for them. Check that nothing but this library writes to or deletes from the topic, ' +
      'and that its cleanup.policy is "compact".',
  )
}
