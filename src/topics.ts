import { createHash } from 'node:crypto'

/** Kafka's own limit, in characters of `[A-Za-z0-9._-]`. */
const TOPIC_NAME_LENGTH_MAX = 249

export interface TopicSettings {
  name: string
  partitions: number
  config: Record<string, string>
}

export interface SharedTopics {
  commands: TopicSettings
  control: TopicSettings
  runs: TopicSettings
  threads: TopicSettings
  workers: TopicSettings
  deadLetter: TopicSettings
}

const DAY_MS = 86_400_000

const kept = (days: number) => ({ 'cleanup.policy': 'delete', 'retention.ms': String(days * DAY_MS) })
const compacted = { 'cleanup.policy': 'compact' }

/** Where the commands of a pool's agents go, or of those that are in none. */
export const commandsTopic = (prefix: string, partitions: number, pool?: string): TopicSettings => ({
  name: pool === undefined ? `${prefix}.commands` : `${prefix}.commands.${pool}`,
  partitions,
  config: kept(7),
})

/** The consumer group that takes a pool's commands, unless another is configured. */
export const workerGroup = (prefix: string, pool?: string): string =>
  pool === undefined ? `${prefix}.workers` : `${prefix}.workers.${pool}`

/** The topics that all threads share, with the settings they are created with and checked against. */
export const sharedTopics = (prefix: string, partitions: number): SharedTopics => ({
  commands: commandsTopic(prefix, partitions),
  // One partition: every worker reads all stop requests, and there are few.
  control: { name: `${prefix}.control`, partitions: 1, config: kept(1) },
  runs: { name: `${prefix}.runs`, partitions, config: kept(30) },
  threads: { name: `${prefix}.threads`, partitions: 1, config: compacted },
  workers: {
    name: `${prefix}.workers`,
    partitions: 1,
    // A beat a second adds up: roll and clean often, so that a new reader has little to skip.
    config: { ...compacted, 'segment.ms': '600000', 'min.cleanable.dirty.ratio': '0.1' },
  },
  deadLetter: { name: `${prefix}.dead-letter`, partitions: 1, config: kept(30) },
})

/**
 * Settings of a thread's topic. Explicit, although each override costs the controller a record: on a broker
 * whose default is `delete`, a thread would vanish after a week.
 */
export const THREAD_TOPIC_CONFIG = {
  'cleanup.policy': 'compact',
  // Longer than a run lasts, so that a reader in its middle rarely finds raw events gone.
  'min.compaction.lag.ms': String(3_600_000),
  // Kafka never cleans the active segment, and rolls only on append.
  'segment.ms': String(3_600_000),
}

/**
 * The topic of a thread. Bytes outside `[A-Za-z0-9-]` become `_` and two hex digits, which is reversible;
 * an id that is too long for that becomes a hash, marked by `_h`: an encoded id never has an `h` after `_`.
 */
export const threadTopic = (prefix: string, threadId: string): string => {
  const encoded = threadId.replace(/[^A-Za-z0-9-]/gu, (character) =>
    Array.from(Buffer.from(character), (byte) => `_${byte.toString(16).padStart(2, '0')}`).join(''),
  )
  const name = `${prefix}.thread.${encoded}`
  if (name.length <= TOPIC_NAME_LENGTH_MAX) return name
  return `${prefix}.thread._h${createHash('sha256').update(threadId).digest('hex')}`
}
