import type { ClientConfig } from './config.ts'
import { formatFor } from './connection.ts'
import { Cluster } from './kafka/cluster.ts'
import { createTopicPages, type TopicPages } from './kafka/topic-pages.ts'
import type { RecordFormat } from './schema/record-format.ts'
import { type SharedTopics, sharedTopics } from './topics.ts'

/** What a program needs that looks at topics and goes: it creates none, follows none and joins no group. */
export interface Reader {
  config: ClientConfig
  cluster: Cluster
  pages: TopicPages
  /** Of the shared topics' records. */
  format: RecordFormat
  topics: SharedTopics
  /** Idempotent. */
  close(): Promise<void>
}

/** @throws RunnerError BROKER_UNAVAILABLE */
export const openReader = async (config: ClientConfig): Promise<Reader> => {
  const cluster = new Cluster(config.kafka)
  let closed: Promise<void> | undefined
  const reader: Reader = {
    config,
    cluster,
    pages: createTopicPages(cluster),
    format: formatFor(config),
    topics: sharedTopics(config.prefix, config.commandPartitions),
    close: () => {
      closed ??= cluster.close()
      return closed
    },
  }
  try {
    // Said at once, where reading would try for a while.
    await cluster.anyBroker()
    return reader
  } catch (error) {
    await reader.close()
    throw error
  }
}
