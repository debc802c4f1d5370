import type { ClientConfig } from './config.ts'
import { LIMITS } from './config.ts'
import { type Appender, createAppender } from './kafka/appender.ts'
import { type Backlog, createBacklog } from './kafka/backlog.ts'
import { Cluster } from './kafka/cluster.ts'
import {
  type CommandConsumer,
  type CommandConsumerOptions,
  createCommandConsumer,
} from './kafka/command-consumer.ts'
import { createProducer, type SharedProducer } from './kafka/producer.ts'
import { ensureSharedTopics } from './kafka/shared-topics.ts'
import { createTail, type Tail } from './kafka/tail.ts'
import { createThreadLogs, type ThreadLogs } from './log/thread-logs.ts'
import type { Logger } from './logger.ts'
import { createPresence, type Presence } from './presence/presence.ts'
import { jsonFormat, type RecordFormat } from './schema/record-format.ts'
import { createRegistryFormat } from './schema/registry-format.ts'
import { machine, type System } from './system.ts'
import { type SharedTopics, sharedTopics, type TopicSettings } from './topics.ts'

/** All that this library asks of Kafka. The simulator has another. */
export interface Kafka {
  cluster: Pick<Cluster, 'locate' | 'createTopic' | 'deleteTopic'>
  appender: Appender
  tail: Tail
  producer: SharedProducer
  /** For beats, which must not wait behind what waits for replicas, and are not worth waiting for them. */
  beats: SharedProducer
  backlog: Pick<Backlog, 'of' | 'topics'>
  consumeCommands(options: CommandConsumerOptions): CommandConsumer
  /** @throws RunnerError BROKER_UNAVAILABLE, TOPIC_MISMATCH */
  ensureTopics(topics: TopicSettings[]): Promise<void>
  close(): Promise<void>
}

/** What a runner and a worker share in one process: one set of connections to the brokers. */
export interface Connection
  extends Pick<Kafka, 'tail' | 'producer' | 'beats' | 'backlog' | 'consumeCommands' | 'ensureTopics'> {
  config: ClientConfig
  logger: Logger
  system: System
  topics: SharedTopics
  /** Of the shared topics' records. */
  format: RecordFormat
  logs: ThreadLogs
  presence: Presence
  /**
   * Creates and checks the shared topics, and starts to watch the workers.
   * @throws RunnerError BROKER_UNAVAILABLE, TOPIC_MISMATCH, REGISTRY_UNAVAILABLE, SCHEMA_UNREGISTERED
   */
  start(): Promise<void>
  /** Idempotent. */
  close(): Promise<void>
}

export const createConnection = (config: ClientConfig, logger: Logger): Connection =>
  connectionOn(connectKafka(config), config, logger, machine, formatFor(config))

export const formatFor = ({
  schemaRegistry,
  prefix,
}: Pick<ClientConfig, 'schemaRegistry' | 'prefix'>): RecordFormat =>
  schemaRegistry === undefined ? jsonFormat : createRegistryFormat(schemaRegistry, prefix)

const connectKafka = (config: ClientConfig): Kafka => {
  const cluster = new Cluster(config.kafka)
  const appender = createAppender(cluster, { ...LIMITS, appendTimeoutMs: config.appendTimeoutMs })
  const tail = createTail(cluster, config)
  const producer = createProducer(config.kafka, { acks: -1 })
  const beats = createProducer(config.kafka, { acks: 1 })
  const backlog = createBacklog(cluster, config.kafka)
  return {
    cluster,
    appender,
    tail,
    producer,
    beats,
    backlog,
    consumeCommands: (options) => createCommandConsumer(config.kafka, options),
    ensureTopics: (topics) => ensureSharedTopics(config.kafka, topics),
    close: async () => {
      await Promise.all([tail, appender, producer, beats, backlog].map((part) => part.close()))
      await cluster.close()
    },
  }
}

/** The same on any Kafka and any clock. */
export const connectionOn = (
  kafka: Kafka,
  config: ClientConfig,
  logger: Logger,
  system: System,
  format: RecordFormat = jsonFormat,
): Connection => {
  const { cluster, appender, tail, producer, beats, backlog, consumeCommands, ensureTopics } = kafka
  const topics = sharedTopics(config.prefix, config.commandPartitions)
  const presence = createPresence({
    tail,
    topic: topics.workers.name,
    format,
    limitMs: config.presenceLimitMs,
    system,
  })
  let started: Promise<void> | undefined
  let closed: Promise<void> | undefined

  const start = async () => {
    await Promise.all([ensureTopics(Object.values(topics)), format.start()])
    await presence.start()
  }
  const close = async () => {
    presence.stop()
    await kafka.close()
  }
  return {
    config,
    logger,
    system,
    topics,
    format,
    logs: createThreadLogs({ cluster, appender, tail, prefix: config.prefix, logger, system }),
    tail,
    producer,
    beats,
    backlog,
    consumeCommands,
    ensureTopics,
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
