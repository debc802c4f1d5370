import type { DatabaseSync } from 'node:sqlite'
import type { BaseEvent, Message } from '@ag-ui/client'
import type { Connection } from '../connection.ts'
import { RunnerError } from '../errors.ts'
import { topicIdentity } from '../kafka/topic-identity.ts'
import { openDatabase } from './database.ts'
import { FollowedTopic, type FollowedTopicOptions } from './followed-topic.ts'
import { Materialiser } from './materialiser.ts'
import type { ThreadPage, ViewStatus } from './thread-page.ts'
import { cursorAt, type PageRequest } from './thread-query.ts'
import type { ViewPlace } from './view-place.ts'

const TIDY_MS = 60_000

export type RunViewParts = Pick<Connection, 'config' | 'topics' | 'format' | 'logger' | 'system'>

interface Open {
  database: DatabaseSync
  materialiser: Materialiser
  runs: FollowedTopic
  threads: FollowedTopic
  tidying: NodeJS.Timeout
}

/**
 * Threads with their messages, state and events, in SQLite, from the runs and threads topics: what can be asked
 * without reading a log. It knows of ended runs only what those topics tell; a run that goes on is listed, and
 * its events are in the thread's log.
 */
export class RunView {
  readonly #parts: RunViewParts
  readonly #place: ViewPlace
  #open: Open | undefined
  #closed: Promise<void> | undefined

  constructor(parts: RunViewParts, place: ViewPlace) {
    this.#parts = parts
    this.#place = place
  }

  /**
   * Opens the file and begins to read; the topics have to be there. It catches up afterwards: `status` tells.
   * @throws RunnerError VIEW_MISMATCH, VIEW_UNAVAILABLE, BROKER_UNAVAILABLE
   */
  async start(): Promise<void> {
    if (this.#open !== undefined) return
    const { config, topics, format, logger, system } = this.#parts
    const names = { runs: topics.runs.name, threads: topics.threads.name }
    const { clusterId, topicIds } = await topicIdentity(config.kafka, Object.values(names))
    const identity = { prefix: config.prefix, clusterId, topicIds: Object.values(topicIds).toSorted() }
    const database = await openDatabase(this.#place, identity, logger)
    const materialiser = new Materialiser({ database, topics: names, format, logger, system })
    const follow = (topic: string, own: Pick<FollowedTopicOptions, 'apply' | 'onCaughtUp'>) =>
      new FollowedTopic({
        kafka: config.kafka,
        readTimeoutMs: config.readTimeoutMs,
        topic,
        offsets: () => materialiser.offsetsOf(topic),
        logger,
        system,
        ...own,
      })
    const runs = follow(names.runs, {
      apply: (batch) => materialiser.applyRuns(batch),
      onCaughtUp: () => {},
    })
    let isReadingRuns = false
    const threads = follow(names.threads, {
      apply: (batch) => materialiser.applyThreads(batch),
      // The directory first: which runs are of a thread that is there is known then.
      onCaughtUp: () => {
        if (isReadingRuns) return
        isReadingRuns = true
        runs.start()
      },
    })
    const tidy = () => {
      if (!threads.caughtUp) return
      materialiser.tidy().catch((error) => logger.warn(`The list of threads was not tidied: ${error}`))
    }
    const tidying = setInterval(tidy, TIDY_MS).unref()
    this.#open = { database, materialiser, runs, threads, tidying }
    threads.start()
  }

  /** Idempotent. */
  close(): Promise<void> {
    this.#closed ??= (async () => {
      if (this.#open === undefined) return
      const { database, materialiser, runs, threads, tidying } = this.#open
      clearInterval(tidying)
      await threads.stop()
      await runs.stop()
      await materialiser.idle()
      database.close()
    })()
    return this.#closed
  }

  status(): ViewStatus {
    if (this.#open === undefined) return { caughtUp: false, lag: 0, skipped: 0 }
    const { runs, threads, materialiser } = this.#open
    const updates = [runs.updatedAt, threads.updatedAt].filter((time) => time !== undefined)
    const error = runs.error ?? threads.error
    return {
      caughtUp: runs.caughtUp && threads.caughtUp,
      lag: runs.lag + threads.lag,
      ...(updates.length > 0 && { updatedAt: Math.max(...updates) }),
      skipped: materialiser.skipped,
      ...(error && { error: { code: error.code, message: error.message } }),
    }
  }

  /** The latest change first. A thread that changes between two pages moves to the front: none comes twice. */
  page(request: PageRequest): ThreadPage {
    const found = this.#materialiser.threads.page(request)
    const threads = found.slice(0, request.limit)
    const last = threads.at(-1)
    const hasMore = found.length > request.limit && last !== undefined
    return { threads, nextCursor: hasMore ? cursorAt(last) : null, view: this.status() }
  }

  /** After its ended runs; none of a thread that is not known. */
  messages(threadId: string): Message[] {
    return structuredClone(this.#materialiser.contents.of(threadId)?.messages ?? [])
  }

  /** After its ended runs; undefined where none said anything of a state, or the runs that did are missing. */
  state(threadId: string): unknown {
    const content = this.#materialiser.contents.of(threadId)
    return content?.stated ? structuredClone(content.state) : undefined
  }

  /** Of its ended runs, compacted: as a replay of the idle thread gives them. */
  events(threadId: string): BaseEvent[] {
    return this.#materialiser.runs.ofThread(threadId).flatMap(({ events }) => events)
  }

  get #materialiser(): Materialiser {
    if (this.#open !== undefined && this.#closed === undefined) return this.#open.materialiser
    throw new RunnerError(
      'VIEW_UNAVAILABLE',
      `The list of threads is ${this.#closed ? 'closed' : 'not open yet. await start() of the runner before it is asked'}.`,
    )
  }
}
