import type { KafkaOptions } from '../config.ts'
import { messageOf, RunnerError } from '../errors.ts'
import { createTopicReader, type TopicBatch, type TopicReader } from '../kafka/topic-reader.ts'
import type { Logger } from '../logger.ts'
import type { System } from '../system.ts'

export interface FollowedTopicOptions {
  kafka: KafkaOptions
  topic: string
  readTimeoutMs: number
  /** Where to go on: asked again after each failure. */
  offsets(): ReadonlyMap<number, number>
  apply(batch: TopicBatch): Promise<void>
  onCaughtUp(): void
  logger: Logger
  system: Pick<System, 'sleep' | 'now'>
}

const PAUSE_MS = 1_000
const PAUSE_MS_MAX = 30_000

/** A topic that is read for as long as the process lives: after a failure from where it was, with growing pauses. */
export class FollowedTopic {
  readonly #options: FollowedTopicOptions
  readonly #closing = new AbortController()
  /** Records behind, by partition, as far as that was heard. */
  readonly #behind = new Map<number, number>()
  #reader: TopicReader | undefined
  #following: Promise<void> = Promise.resolve()
  #isCaughtUp = false
  #pauseMs = PAUSE_MS
  #updatedAt: number | undefined
  #error: RunnerError | undefined

  constructor(options: FollowedTopicOptions) {
    this.#options = options
  }

  /** Records that are known to be there and were not applied. */
  get lag(): number {
    return [...this.#behind.values()].reduce((sum, behind) => sum + behind, 0)
  }

  /** Whether everything was applied that was there at the start, and since then all that was heard of. */
  get caughtUp(): boolean {
    return this.#isCaughtUp && this.#error === undefined && this.lag === 0
  }

  /** When it last changed something: milliseconds since 1970. */
  get updatedAt(): number | undefined {
    return this.#updatedAt
  }

  /** Why it does not go on at the moment. */
  get error(): RunnerError | undefined {
    return this.#error
  }

  start(): void {
    this.#following = this.#follow()
  }

  /** Resolves when the batches in hand are through. */
  async stop(): Promise<void> {
    this.#closing.abort()
    await this.#reader?.stop()
    await this.#following
  }

  async #follow(): Promise<void> {
    const { signal } = this.#closing
    const { logger, system, topic } = this.#options
    while (!signal.aborted) {
      const error = await this.#read()
      if (signal.aborted || error === undefined) return
      this.#error = error
      if (!error.retriable) {
        logger.error(`The list of threads is not kept up any more: ${error.message}`, { topic })
        return
      }
      logger.warn(`The list of threads is not kept up at the moment: ${error.message}`, { topic })
      await system.sleep(this.#pauseMs, signal)
      this.#pauseMs = Math.min(this.#pauseMs * 2, PAUSE_MS_MAX)
    }
  }

  /** Until it fails, or is stopped. */
  async #read(): Promise<RunnerError | undefined> {
    const { kafka, topic, readTimeoutMs, offsets } = this.#options
    const failed = Promise.withResolvers<RunnerError | undefined>()
    const { signal } = this.#closing
    const end = () => failed.resolve(undefined)
    signal.addEventListener('abort', end)
    const reader = createTopicReader(kafka, {
      topic,
      from: offsets(),
      readTimeoutMs,
      onBatch: (batch) => this.#apply(batch),
      onCaughtUp: () => {
        this.#isCaughtUp = true
        this.#error = undefined
        this.#options.onCaughtUp()
      },
      onError: failed.resolve,
    })
    this.#reader = reader
    try {
      await reader.start()
      return await failed.promise
    } catch (error) {
      return error instanceof RunnerError ? error : new RunnerError('READ_FAILED', messageOf(error))
    } finally {
      signal.removeEventListener('abort', end)
      await reader.stop()
    }
  }

  async #apply(batch: TopicBatch): Promise<void> {
    const { partition, nextOffset, highWatermark, records } = batch
    this.#behind.set(partition, highWatermark - nextOffset + records.length)
    await this.#options.apply(batch)
    this.#behind.set(partition, Math.max(0, highWatermark - nextOffset))
    this.#updatedAt = this.#options.system.now()
    this.#pauseMs = PAUSE_MS
  }
}
