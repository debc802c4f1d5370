import type { ClientConfig } from './config.ts'
import { LIMITS } from './config.ts'
import { createAppender } from './kafka/appender.ts'
import { Cluster } from './kafka/cluster.ts'
import { createProducer, type SharedProducer } from './kafka/producer.ts'
import { ensureSharedTopics } from './kafka/shared-topics.ts'
import { createTail, type Tail } from './kafka/tail.ts'
import { createThreadLogs, type ThreadLogs } from './log/thread-logs.ts'
import type { Logger } from './logger.ts'
import { createPresence, type Presence } from './presence/presence.ts'
import { type SharedTopics, sharedTopics } from './topics.ts'

/** What a runner and a worker share in one process: one set of connections to the brokers. */
export interface Connection {
  config: ClientConfig
  logger: Logger
  topics: SharedTopics
  logs: ThreadLogs
  tail: Tail
  producer: SharedProducer
  presence: Presence
  /**
   * Creates and checks the shared topics, and starts to watch the workers.
   * @throws RunnerError BROKER_UNAVAILABLE, TOPIC_MISMATCH
   */
  start(): Promise<void>
  /** Idempotent. */
  close(): Promise<void>
}

export const createConnection = (config: ClientConfig, logger: Logger): Connection => {
  const topics = sharedTopics(config.prefix, config.commandPartitions)
  const cluster = new Cluster(config.kafka)
  const appender = createAppender(cluster, { ...LIMITS, appendTimeoutMs: config.appendTimeoutMs })
  const tail = createTail(cluster, config)
  const producer = createProducer(config.kafka)
  const presence = createPresence({ tail, topic: topics.workers.name, limitMs: config.presenceLimitMs })
  let started: Promise<void> | undefined
  let closed: Promise<void> | undefined

  const start = async () => {
    await ensureSharedTopics(config.kafka, Object.values(topics))
    await presence.start()
  }
  const close = async () => {
    presence.stop()
    await Promise.all([tail.close(), appender.close(), producer.close()])
    await cluster.close()
  }
  return {
    config,
    logger,
    topics,
    logs: createThreadLogs({ cluster, appender, tail, prefix: config.prefix, logger }),
    tail,
    producer,
    presence,
    start: () => {
      started ??= start().catch((error) => {
        // A broker that was not there yet may be there at the next call.
        started = undefined
        throw error
      })
      return started
    },
    close: () => {
      closed ??= close()
      return closed
    },
  }
}
