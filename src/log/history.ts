import type { BaseEvent } from '@ag-ui/client'
import { RunnerError } from '../errors.ts'
import type { LogRecord } from './record.ts'
import { applyRecord, EMPTY_THREAD, missing, type Run, type ThreadState, type Verdict } from './reducer.ts'

/** A finished or open run with its events, as a replay gives them. */
export interface RunHistory {
  run: Run
  /** Compacted where a run record stands for the raw events. */
  events: BaseEvent[]
}

interface Kept {
  raw: BaseEvent[]
  /** Keys of the raw records that a run record replaces: events, never a terminal one. */
  keys: string[]
  parts: Map<string, BaseEvent[][]>
  recorded?: BaseEvent[]
}

/**
 * Collects events beside the reducer: the reducer says what counts, this keeps it. Runs are known by their
 * first claim. `keepOnly` bounds it to the latest run, for a worker that needs no more.
 */
export class ThreadHistory {
  state: ThreadState = EMPTY_THREAD
  readonly #kept = new Map<string, Kept>()
  readonly #keepOnly: 'all' | 'latest'

  constructor(keepOnly: 'all' | 'latest') {
    this.#keepOnly = keepOnly
  }

  apply(record: LogRecord, key: string): Verdict {
    const [state, verdict] = applyRecord(this.state, record, key)
    this.state = state
    this.#keep(verdict, key)
    return verdict
  }

  #keep(verdict: Verdict, key: string): void {
    switch (verdict.did) {
      case 'claim':
        if (this.#keepOnly === 'latest') this.#kept.clear()
        this.#kept.set(idOf(verdict.run), { raw: [], keys: [], parts: new Map() })
        return
      case 'show': {
        const kept = this.#keptOf(verdict.run)
        kept?.raw.push(verdict.record.event)
        if (verdict.run.terminal === undefined) kept?.keys.push(key)
        return
      }
      case 'part':
      case 'record': {
        const kept = this.#keptOf(verdict.run)
        if (kept === undefined) return
        const parts = kept.parts.get(verdict.record.attempt) ?? []
        parts[verdict.record.part] = verdict.record.events
        kept.parts.set(verdict.record.attempt, parts)
        if (verdict.did === 'record') {
          kept.recorded = parts.flat()
          kept.parts.clear()
          kept.raw = []
        }
        return
      }
      case 'nothing':
      case 'takeover':
      case 'reject':
        return
      default:
        verdict satisfies never
    }
  }

  #keptOf(run: Run): Kept | undefined {
    return this.#kept.get(idOf(run))
  }

  /** The events of a run, raw or compacted; none when they were not kept. */
  eventsOf(run: Run): BaseEvent[] {
    const kept = this.#keptOf(run)
    return kept?.recorded ?? kept?.raw ?? []
  }

  /** Keys of the latest run's raw events, to be tombstoned once its run record stands. */
  rawKeysOf(run: Run): string[] {
    return this.#keptOf(run)?.keys ?? []
  }

  /** Frees the events of a run whose record stands and whose raw events are gone. */
  forget(run: Run): void {
    this.#kept.delete(idOf(run))
  }

  /**
   * All runs in order. Call it only where the log was read to its high watermark: a gap that a later run
   * record would close is damage by then.
   * @throws RunnerError LOG_DAMAGED
   */
  runs(): RunHistory[] {
    const { past, latest } = this.state
    const runs = latest === undefined ? past : [...past, latest]
    for (const run of runs) assertWhole(run)
    return runs.map((run) => ({ run, events: this.eventsOf(run) }))
  }
}

const idOf = (run: Run): string => run.claims[0]?.claimId ?? run.commandId

/** @throws RunnerError LOG_DAMAGED when events of the run are gone and no run record stands for them. */
const assertWhole = (run: Run): void => {
  const gap = missing(run)
  if (gap === 0) return
  throw new RunnerError(
    'LOG_DAMAGED',
    `${gap} of the events ${run.firstSeq} to ${run.lastSeq} of run "${run.runId}" are missing from its thread log, ` +
      'and no run record stands for them. Check that nothing but this library writes to or deletes from the topic, ' +
      'and that its cleanup.policy is "compact".',
  )
}
