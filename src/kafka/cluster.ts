import {
  type Connection,
  type ConnectionOptions,
  ConnectionPool,
  listOffsetsV9,
  metadataV12,
} from '@platformatic/kafka'
import { LRUCache } from 'lru-cache'
import type { KafkaOptions } from '../config.ts'
import { messageOf, RunnerError } from '../errors.ts'
import { sleep } from '../sleep.ts'
import { platformaticConfig } from './options.ts'
import { answerOf, KAFKA } from './protocol-error.ts'
import { requestRemoval, requestTopic } from './topic-requests.ts'

export interface BrokerAddress {
  host: string
  port: number
}

/** Where a partition is served. */
export interface Place {
  topicId: string
  leader: BrokerAddress
  /** Whether its leader has answered for it: it is no new topic then, which brokers may not know yet. */
  served: boolean
}

const LEADER_WAIT_MS_MAX = 30_000
const PLACES_MAX = 20_000

/** What the log's appender and readers know of the cluster: where partitions are, and connections to brokers. */
export class Cluster {
  readonly options: KafkaOptions
  readonly #connectionOptions: ConnectionOptions
  readonly #bootstrap: BrokerAddress[]
  readonly #pool: ConnectionPool
  readonly #pools = new Set<ConnectionPool>()
  readonly #places = new LRUCache<string, Place>({ max: PLACES_MAX })
  readonly #asked = new Map<string, PromiseWithResolvers<Place | undefined>>()
  #asking = false
  #known: BrokerAddress[] = []

  constructor(options: KafkaOptions) {
    this.options = options
    this.#connectionOptions = platformaticConfig(options)
    this.#bootstrap = options.brokers.map(parseAddress)
    this.#pool = this.newPool()
  }

  /** A pool of its own for one use: Kafka serves one request at a time per connection, so a long poll blocks it. */
  newPool(): ConnectionPool {
    const pool = new ConnectionPool(this.options.clientId, this.#connectionOptions)
    this.#pools.add(pool)
    return pool
  }

  async closePool(pool: ConnectionPool): Promise<void> {
    this.#pools.delete(pool)
    await pool.close()
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools].map((pool) => this.closePool(pool)))
  }

  /**
   * A connection to any broker.
   * @throws RunnerError BROKER_UNAVAILABLE
   */
  async anyBroker(): Promise<Connection> {
    try {
      return await this.#pool.getFirstAvailable(this.#known.length > 0 ? this.#known : this.#bootstrap)
    } catch (error) {
      if (this.#known.length > 0) {
        // All known brokers are gone: the addresses that we were given may lead to others.
        this.#known = []
        return this.anyBroker()
      }
      throw new RunnerError(
        'BROKER_UNAVAILABLE',
        `No Kafka broker answers at ${this.options.brokers.join(', ')} (${rootMessage(error)}). ` +
          'Check that it runs and that KAFKA_BROKERS names it, or start one with "kar broker".',
        { cause: error },
      )
    }
  }

  /**
   * Where a partition is served; undefined when there is no such topic. Questions of the same moment share
   * one request.
   * @throws RunnerError BROKER_UNAVAILABLE
   */
  async locate(topic: string): Promise<Place | undefined> {
    const place = this.#places.get(topic)
    if (place !== undefined) return place
    const asked = this.#asked.get(topic)
    if (asked !== undefined) return asked.promise
    const question = Promise.withResolvers<Place | undefined>()
    this.#asked.set(topic, question)
    if (!this.#asking) {
      this.#asking = true
      queueMicrotask(() => void this.#ask())
    }
    return question.promise
  }

  /**
   * Where one of a topic's partitions is served at this moment; undefined when it is not.
   * @throws RunnerError BROKER_UNAVAILABLE
   */
  async locatePartition(name: string, partition: number): Promise<Place | undefined> {
    const { brokers, topics } = await this.#requestMetadata([name])
    const [topic] = topics
    const leaderId = topic?.partitions.find(({ partitionIndex }) => partitionIndex === partition)?.leaderId
    const leader = brokers.find(({ nodeId }) => nodeId === leaderId)
    return topic && leader && { topicId: topic.topicId, leader, served: false }
  }

  /**
   * How many partitions a topic has; 0 when there is none of that name.
   * @throws RunnerError BROKER_UNAVAILABLE
   */
  async partitionsOf(name: string): Promise<number> {
    const { topics } = await this.#requestMetadata([name])
    return topics[0]?.partitions.length ?? 0
  }

  /** Forgets a place that turned out to be wrong. */
  forget(topic: string): void {
    this.#places.delete(topic)
  }

  async #ask(): Promise<void> {
    while (this.#asked.size > 0) {
      const questions = new Map(this.#asked)
      this.#asked.clear()
      try {
        const places = await this.#metadata([...questions.keys()])
        for (const [topic, question] of questions) question.resolve(places.get(topic))
      } catch (error) {
        for (const question of questions.values()) question.reject(error)
      }
    }
    this.#asking = false
  }

  async #metadata(topics: string[]): Promise<Map<string, Place>> {
    const deadline = performance.now() + LEADER_WAIT_MS_MAX
    const found = new Map<string, Place>()
    let wanted = topics
    for (let pauseMs = 5; wanted.length > 0; pauseMs = Math.min(pauseMs * 2, 250)) {
      const answer = await this.#requestMetadata(wanted)
      wanted = this.#readMetadata(answer, found)
      if (wanted.length === 0) break
      if (performance.now() > deadline) {
        throw new RunnerError(
          'BROKER_UNAVAILABLE',
          `Topic "${wanted[0]}" has had no leader for ${LEADER_WAIT_MS_MAX / 1000} s. ` +
            'Check that the brokers that hold it are up.',
        )
      }
      await sleep(pauseMs)
    }
    return found
  }

  async #requestMetadata(topics: string[]): Promise<metadataV12.MetadataResponse> {
    const connection = await this.anyBroker()
    try {
      return await answerOf(metadataV12.api.async(connection, topics, false, false))
    } catch (error) {
      throw new RunnerError('BROKER_UNAVAILABLE', `Asking for topic places failed: ${messageOf(error)}.`, {
        cause: error,
      })
    }
  }

  /** Notes the places that the answer holds and gives the topics that have no leader yet. */
  #readMetadata(answer: metadataV12.MetadataResponse, found: Map<string, Place>): string[] {
    const brokers = new Map(answer.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]))
    this.#known = [...brokers.values()]
    const leaderless: string[] = []
    for (const topic of answer.topics) {
      const name = topic.name ?? ''
      if (topic.errorCode === KAFKA.UNKNOWN_TOPIC_OR_PARTITION) continue
      const leader = brokers.get(topic.partitions[0]?.leaderId ?? -1)
      if (leader === undefined) {
        leaderless.push(name)
        continue
      }
      const place = { topicId: topic.topicId, leader, served: false }
      found.set(name, place)
      this.#places.set(name, place)
    }
    return leaderless
  }

  /**
   * Creates a topic of one partition, and waits until the brokers know it; one that exists is left as it is.
   * @throws RunnerError BROKER_UNAVAILABLE
   */
  async createTopic(name: string, config: Record<string, string>): Promise<void> {
    const { replicationFactor, requestTimeoutMs: timeoutMs } = this.options
    const topicId = await requestTopic(await this.anyBroker(), { name, config, replicationFactor, timeoutMs })
    const isThere = (place: Place | undefined) =>
      place !== undefined && (topicId === undefined || place.topicId === topicId)
    await this.#until(name, isThere, `Topic "${name}" was created, but no broker knows it yet.`)
  }

  /**
   * Deletes exactly the topic with this id, and waits until the brokers know it no more. Idempotent.
   * @throws RunnerError BROKER_UNAVAILABLE
   */
  async deleteTopic(name: string, topicId: string): Promise<void> {
    await requestRemoval(await this.anyBroker(), name, topicId, this.options.requestTimeoutMs)
    const isGone = (place: Place | undefined) => place?.topicId !== topicId
    await this.#until(name, isGone, `Topic "${name}" was deleted, but brokers still know it.`)
  }

  /** Brokers learn of a change one after the other: asks until the answer is the one that is to come. */
  async #until(name: string, isSo: (place: Place | undefined) => boolean, otherwise: string): Promise<void> {
    const deadline = performance.now() + LEADER_WAIT_MS_MAX
    for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, 100)) {
      this.forget(name)
      if (isSo(await this.locate(name))) return
      if (performance.now() > deadline) throw new RunnerError('BROKER_UNAVAILABLE', otherwise)
      await sleep(pauseMs)
    }
  }

  /** The first offset that a partition still has. */
  async earliestOffset(topic: string, partition: number, leader: BrokerAddress): Promise<bigint> {
    const connection = await this.#pool.get(leader)
    const partitions = [{ partitionIndex: partition, currentLeaderEpoch: -1, timestamp: -2n }]
    const answer = await listOffsetsV9.api.async(connection, -1, 0, [{ name: topic, partitions }])
    return answer.topics[0]?.partitions[0]?.offset ?? 0n
  }
}

const parseAddress = (address: string): BrokerAddress => {
  const colon = address.lastIndexOf(':')
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) }
}

/** The innermost message, where the client wraps "connect ECONNREFUSED" in two layers. */
const rootMessage = (error: unknown): string => {
  if (error instanceof AggregateError && error.errors.length > 0) return rootMessage(error.errors[0])
  if (error instanceof Error && error.cause !== undefined) return rootMessage(error.cause)
  return messageOf(error)
}
