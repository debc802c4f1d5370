import type { DatabaseSync } from 'node:sqlite'
import type { BaseEvent } from '@ag-ui/client'
import type { RunFact } from '../fan-in/run-fact.ts'

/** An ended run with all of its events. */
export interface EndedRun {
  threadId: string
  commandId: string
  runId: string
  status: 'finished' | 'failed'
  firstSeq: number
  lastSeq: number
  events: BaseEvent[]
}

interface Row {
  command_id: string
  run_id: string
  status: string
  first_seq: number
  last_seq: number
  events: string
}

/** The runs of threads, as the facts tell of them. Duplicates change nothing. */
export class RunRows {
  readonly #wasErased
  readonly #begin
  readonly #latest
  readonly #status
  readonly #end
  readonly #savePart
  readonly #countParts
  readonly #parts
  readonly #dropParts
  readonly #ofThread
  readonly #began
  readonly #rememberErased
  readonly #eraseParts
  readonly #erase

  constructor(database: DatabaseSync) {
    const sql = (text: string) => database.prepare(text)
    this.#wasErased = sql('SELECT 1 FROM erased WHERE thread_id = ? AND command_id = ?')
    this.#begin = sql(
      `INSERT INTO runs (thread_id, command_id, run_id, position, started_at, status)
       VALUES (?, ?, ?, ?, ?, 'running') ON CONFLICT DO NOTHING`,
    )
    this.#status = sql('SELECT status FROM runs WHERE thread_id = ? AND command_id = ?')
    this.#latest = sql(
      'SELECT status FROM runs WHERE thread_id = ? AND run_id = ? ORDER BY position DESC LIMIT 1',
    )
    this.#end = sql(
      'UPDATE runs SET status = ?, first_seq = ?, last_seq = ?, events = ? WHERE thread_id = ? AND command_id = ?',
    )
    this.#savePart = sql('INSERT INTO parts VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING')
    this.#countParts = sql('SELECT count(*) AS count FROM parts WHERE thread_id = ? AND command_id = ?')
    this.#parts = sql('SELECT events FROM parts WHERE thread_id = ? AND command_id = ? ORDER BY part')
    this.#dropParts = sql('DELETE FROM parts WHERE thread_id = ? AND command_id = ?')
    // Of the thread that the directory has: not of one of the same id that was deleted before it began.
    this.#ofThread = sql(
      `SELECT command_id, runs.run_id, runs.status, first_seq, last_seq, events FROM runs JOIN threads USING (thread_id)
       WHERE thread_id = ? AND events IS NOT NULL
       AND CASE WHEN since IS NULL THEN started_at >= created_at ELSE position >= since END
       ORDER BY first_seq, position`,
    )
    this.#began = sql('SELECT min(position) AS position FROM runs WHERE thread_id = ? AND started_at = ?')
    this.#rememberErased = sql(
      `INSERT INTO erased SELECT thread_id, command_id, ? FROM runs WHERE thread_id = ? AND position < ?
       ON CONFLICT DO NOTHING`,
    )
    this.#eraseParts = sql(
      `DELETE FROM parts WHERE thread_id = ?1 AND command_id IN
       (SELECT command_id FROM runs WHERE thread_id = ?1 AND position < ?2)`,
    )
    this.#erase = sql('DELETE FROM runs WHERE thread_id = ? AND position < ?')
  }

  /** Whether the run was not known. */
  begin({ threadId, commandId, runId, startedAt, time }: RunFact, position: number): boolean {
    if (this.#wasErased.get(threadId, commandId) !== undefined) return false
    return this.#begin.run(threadId, commandId, runId, position, Math.round(startedAt ?? time)).changes > 0
  }

  /** The run, once all parts of its end are there; undefined before, and when it had ended already. */
  end(fact: RunFact): EndedRun | undefined {
    const { threadId, commandId, runId, firstSeq = 0, lastSeq = 0, parts } = fact
    const known = this.#status.get(threadId, commandId)?.status
    if (known !== 'running') return undefined
    const own = JSON.stringify(fact.events.map(({ event }) => event))
    const events = parts === 1 ? own : this.#joined(fact, own)
    if (events === undefined) return undefined
    const status = fact.fact === 'failed' ? 'failed' : statusOf(fact)
    this.#end.run(status, firstSeq, lastSeq, events, threadId, commandId)
    const all =
      parts === 1 ? fact.events.map(({ event }) => event as unknown as BaseEvent) : JSON.parse(events)
    return { threadId, commandId, runId, status, firstSeq, lastSeq, events: all }
  }

  #joined({ threadId, commandId, part, parts }: RunFact, events: string): string | undefined {
    this.#savePart.run(threadId, commandId, part, events)
    if (Number(this.#countParts.get(threadId, commandId)?.count) < parts) return undefined
    const texts = this.#parts.all(threadId, commandId) as { events: string }[]
    this.#dropParts.run(threadId, commandId)
    const inner = texts.map(({ events: text }) => text.slice(1, -1)).filter((text) => text !== '')
    return `[${inner.join(',')}]`
  }

  /** How the run of this id ended; undefined while it goes on, or where it is not known. */
  endOf(threadId: string, runId: string): string | undefined {
    const status = this.#latest.get(threadId, runId)?.status
    return status === 'running' ? undefined : (status as string | undefined)
  }

  /** The ended runs of the thread, in order; each event range once. */
  ofThread(threadId: string): EndedRun[] {
    const runs: EndedRun[] = []
    // All at once: a statement that is read while others use it begins anew.
    for (const row of this.#ofThread.all(threadId) as unknown as Row[]) {
      const { command_id: commandId, run_id: runId, first_seq: firstSeq, last_seq: lastSeq } = row
      if (firstSeq <= (runs.at(-1)?.lastSeq ?? -1)) continue
      const status = row.status as EndedRun['status']
      runs.push({ threadId, commandId, runId, status, firstSeq, lastSeq, events: JSON.parse(row.events) })
    }
    return runs
  }

  /** Where, in the runs topic, the run lies that began at this time. */
  positionOf(threadId: string, startedAt: number): number | undefined {
    const position = this.#began.get(threadId, startedAt)?.position
    return position === null ? undefined : Number(position)
  }

  /** Removes the thread's runs before a position, and ignores what is told of them again. */
  erase(threadId: string, before: number, now: number): void {
    this.#rememberErased.run(now, threadId, before)
    this.#eraseParts.run(threadId, before)
    this.#erase.run(threadId, before)
  }
}

/** A stopped run has whichever end it got: a RUN_ERROR, where its worker had to write one. */
const statusOf = ({ fact, code }: RunFact): EndedRun['status'] =>
  fact === 'stopped' && code !== undefined ? 'failed' : 'finished'
