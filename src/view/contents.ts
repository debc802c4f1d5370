import type { DatabaseSync } from 'node:sqlite'
import type { BaseEvent } from '@ag-ui/client'
import { LRUCache } from 'lru-cache'
import { applied, type ThreadContent } from '../run/applied.ts'
import { standsApart } from '../run/stands-apart.ts'
import type { EndedRun } from './run-rows.ts'

/** What a client has of a thread after its ended runs. */
export interface Content extends ThreadContent {
  /** Whether a run said anything of the state, and it is known. */
  stated: boolean
  lastSeq: number
  /** Whether nothing before or between was missing. */
  whole: boolean
}

/** Characters of JSON that are kept at hand. */
const CACHED_SIZE_MAX = 32_000_000

const NOTHING: Content = { messages: [], state: {}, stated: false, lastSeq: 0, whole: true }

/** Messages and state of threads. What is set is written by `flush`, within the caller's transaction. */
export class Contents {
  readonly #get
  readonly #put
  readonly #remove
  readonly #unwritten = new Map<string, Content>()
  readonly #cached = new LRUCache<string, Content>({ maxSize: CACHED_SIZE_MAX })

  constructor(database: DatabaseSync) {
    this.#get = database.prepare('SELECT * FROM contents WHERE thread_id = ?')
    this.#put = database.prepare(
      `INSERT INTO contents VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
       messages = excluded.messages, state = excluded.state, last_seq = excluded.last_seq, whole = excluded.whole`,
    )
    this.#remove = database.prepare('DELETE FROM contents WHERE thread_id = ?')
  }

  /** Not to be changed. */
  of(threadId: string): Content | undefined {
    const known = this.#unwritten.get(threadId) ?? this.#cached.get(threadId)
    if (known !== undefined) return known
    const row = this.#get.get(threadId) as unknown as Row | undefined
    if (row === undefined) return undefined
    const stated = row.state !== null
    const state = stated ? JSON.parse(row.state as string) : NOTHING.state
    const messages = JSON.parse(row.messages)
    const content = { messages, state, stated, lastSeq: row.last_seq, whole: row.whole === 1 }
    this.#cache(threadId, content, row.messages.length + (row.state?.length ?? 0))
    return content
  }

  set(threadId: string, content: Content): void {
    this.#unwritten.set(threadId, content)
  }

  remove(threadId: string): void {
    this.#unwritten.delete(threadId)
    this.#cached.delete(threadId)
    this.#remove.run(threadId)
  }

  flush(): void {
    for (const [threadId, content] of this.#unwritten) {
      const messages = JSON.stringify(content.messages)
      const state = content.stated ? (JSON.stringify(content.state) ?? 'null') : null
      this.#put.run(threadId, messages, state, content.lastSeq, Number(content.whole))
      this.#cache(threadId, content, messages.length + (state?.length ?? 0))
    }
    this.#unwritten.clear()
  }

  /** After a transaction that was rolled back. */
  forget(): void {
    this.#unwritten.clear()
    this.#cached.clear()
  }

  #cache(threadId: string, content: Content, size: number): void {
    this.#cached.set(threadId, content, { size: Math.max(1, size) })
  }
}

interface Row {
  messages: string
  state: string | null
  last_seq: number
  whole: number
}

/** What the runs make of it, by AG-UI's own client. */
export const contentAfter = async (runs: readonly EndedRun[], before = NOTHING): Promise<Content> => {
  let content = before
  for (const run of runs) content = await withRun(content, run)
  return content
}

const withRun = async (before: Content, { firstSeq, lastSeq, events }: EndedRun): Promise<Content> => {
  const isNext = firstSeq === before.lastSeq + 1
  const whole = before.whole && isNext
  // What runs that are missing did to the state is not known; it is again from the next snapshot on.
  const { messages, state, stated } = isNext ? before : { ...NOTHING, messages: before.messages }
  const told = whole || stated ? events : withoutLooseDeltas(events)
  const content = await contentWith({ messages, state }, told)
  return { ...content, stated: stated || told.some(isOfState), lastSeq, whole }
}

const isOfState = ({ type }: BaseEvent): boolean => type === 'STATE_SNAPSHOT' || type === 'STATE_DELTA'

/** Without changes of a state that is not known. */
const withoutLooseDeltas = (events: readonly BaseEvent[]): readonly BaseEvent[] => {
  const snapshot = events.findIndex(({ type }) => type === 'STATE_SNAPSHOT')
  return events.filter(({ type }, at) => type !== 'STATE_DELTA' || (snapshot >= 0 && at > snapshot))
}

/**
 * The client copies all messages at each event. A run that touches none of them is applied to none, so that
 * it takes as long in the thousandth run of a thread as in the first.
 */
export const contentWith = async (
  { messages, state }: ThreadContent,
  events: readonly BaseEvent[],
): Promise<ThreadContent> => {
  if (!standsApart(events, messages)) return applied([events], { messages, state })
  const own = await applied([events], { messages: [], state })
  return { messages: [...messages, ...own.messages], state: own.state }
}
