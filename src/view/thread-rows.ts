import type { DatabaseSync } from 'node:sqlite'
import type { DirectoryEntry } from './directory-entry.ts'
import type { ThreadSummary } from './thread-page.ts'
import type { PageRequest } from './thread-query.ts'

interface Row {
  thread_id: string
  agent_id: string
  run_id: string
  status: DirectoryEntry['status']
  runs: number
  seq: number
  created_at: number
  updated_at: number
  since: number | null
  last_seq: number | null
  is_whole: number | null
}

/** The directory: which threads there are, from the threads topic. */
export class ThreadRows {
  readonly #get
  readonly #put
  readonly #begin
  readonly #correct
  readonly #remove
  readonly #page
  readonly #agentPage
  readonly #stray
  readonly #known
  readonly #strays

  constructor(database: DatabaseSync) {
    const sql = (text: string) => database.prepare(text)
    this.#get = sql('SELECT * FROM threads WHERE thread_id = ?')
    this.#put = sql('INSERT OR REPLACE INTO threads VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)')
    this.#begin = sql('UPDATE threads SET since = ? WHERE thread_id = ? AND created_at = ? AND since IS NULL')
    this.#correct = sql(
      "UPDATE threads SET status = ? WHERE thread_id = ? AND run_id = ? AND status = 'running'",
    )
    this.#remove = sql('DELETE FROM threads WHERE thread_id = ?')
    this.#page = sql(pageSql(''))
    this.#agentPage = sql(pageSql('agent_id = :agentId AND '))
    this.#stray = sql('INSERT OR REPLACE INTO strays VALUES (?, ?)')
    this.#known = sql('DELETE FROM strays WHERE thread_id = ?')
    this.#strays = sql('SELECT thread_id FROM strays WHERE seen_at < ?')
  }

  has(threadId: string): boolean {
    return this.#get.get(threadId) !== undefined
  }

  /** When the thread began, and where its first run lies in the runs topic, once that is known. */
  beginningOf(threadId: string): { createdAt: number; since?: number } | undefined {
    const row = this.#get.get(threadId) as unknown as Row | undefined
    return row && { createdAt: row.created_at, ...(row.since !== null && { since: row.since }) }
  }

  put(entry: DirectoryEntry, since: number | undefined): void {
    const { threadId, agentId, runId, status, runs, seq, createdAt, updatedAt } = entry
    const times = [createdAt, updatedAt].map(Math.round) as [number, number]
    this.#put.run(threadId, agentId, runId, status, runs, seq, ...times, since ?? null)
    this.#known.run(threadId)
  }

  /** Notes where the thread's first run lies, if this is the one; whether it was. */
  begin(threadId: string, startedAt: number, position: number): boolean {
    return this.#begin.run(position, threadId, Math.round(startedAt)).changes > 0
  }

  /** The entry of a run's start may be written after that of its end. */
  correct(threadId: string, runId: string, status: string): void {
    this.#correct.run(status, threadId, runId)
  }

  remove(threadId: string): void {
    this.#remove.run(threadId)
  }

  /** Notes that runs are there of a thread that the directory does not have. */
  stray(threadId: string, now: number): void {
    this.#stray.run(threadId, now)
  }

  notStray(threadId: string): void {
    this.#known.run(threadId)
  }

  straysBefore(time: number): string[] {
    return this.#strays.all(time).map(({ thread_id: threadId }) => String(threadId))
  }

  /** The latest change first; one more than the limit where there are more. */
  page({ agentId, from, to, limit, after }: PageRequest): ThreadSummary[] {
    const bounds = {
      from,
      to,
      // One more, to know whether there is another page.
      limit: limit + 1,
      updatedAt: after?.updatedAt ?? Number.MAX_SAFE_INTEGER,
      threadId: after?.threadId ?? '',
    }
    const rows = agentId === undefined ? this.#page.all(bounds) : this.#agentPage.all({ ...bounds, agentId })
    return (rows as unknown as Row[]).map(summaryOf)
  }
}

const pageSql = (where: string): string => `
  SELECT threads.*, contents.last_seq, contents.whole AS is_whole FROM threads LEFT JOIN contents USING (thread_id)
  WHERE ${where} updated_at >= :from AND updated_at < :to
  AND updated_at <= :updatedAt AND (updated_at < :updatedAt OR threads.thread_id > :threadId)
  ORDER BY updated_at DESC, threads.thread_id LIMIT :limit`

const summaryOf = (row: Row): ThreadSummary => ({
  threadId: row.thread_id,
  agentId: row.agent_id,
  runId: row.run_id,
  status: row.status,
  runs: row.runs,
  seq: row.seq,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  whole: row.seq === 0 || ((row.last_seq ?? 0) >= row.seq && row.is_whole === 1),
})
