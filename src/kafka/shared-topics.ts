// A default import: Node's scan of this CommonJS package does not find all of its names.
import kafkajs, { type Admin, type ITopicMetadata } from 'kafkajs'
import type { KafkaOptions } from '../config.ts'
import { messageOf, RunnerError } from '../errors.ts'
import { sleep } from '../sleep.ts'
import type { TopicSettings } from '../topics.ts'
import { kafkajsConfig } from './options.ts'

const LEADERS_WAIT_MS_MAX = 15_000

/**
 * Creates the topics that are missing and compares the rest with what is wanted. Never changes one that
 * exists: it may be shared, and a change of its clean-up policy may delete what it holds.
 * @throws RunnerError TOPIC_MISMATCH, BROKER_UNAVAILABLE
 */
export const ensureSharedTopics = async (options: KafkaOptions, wanted: TopicSettings[]): Promise<void> => {
  const admin = new kafkajs.Kafka({
    ...kafkajsConfig(options),
    retry: { retries: 3, initialRetryTime: 100 },
  }).admin()
  try {
    await admin.connect()
    const made = await createMissing(admin, options.replicationFactor, wanted)
    await compare(admin, wanted)
    await untilServed(admin, made)
  } catch (error) {
    if (error instanceof RunnerError) throw error
    throw new RunnerError(
      'BROKER_UNAVAILABLE',
      `The topics could not be created or checked at ${options.brokers.join(', ')}: ${messageOf(error)}. ` +
        'Check that Kafka runs, that KAFKA_BROKERS names it, and that this client may create topics.',
      { cause: error },
    )
  } finally {
    await admin.disconnect()
  }
}

/** The names of those that it made. */
const createMissing = async (
  admin: Admin,
  replicationFactor: number,
  wanted: TopicSettings[],
): Promise<string[]> => {
  const existing = new Set(await admin.listTopics())
  const topics = wanted
    .filter(({ name }) => !existing.has(name))
    .map(({ name, partitions, config }) => ({
      topic: name,
      numPartitions: partitions,
      replicationFactor,
      configEntries: Object.entries(config).map(([key, value]) => ({ name: key, value })),
    }))
  // Another process may create the same ones at this moment: kafkajs answers false then, and compare() looks.
  // It cannot wait for the leaders: a broker that does not know the topic yet makes its wait throw.
  if (topics.length > 0) await admin.createTopics({ topics, waitForLeaders: false })
  return topics.map(({ topic }) => topic)
}

/** Brokers learn of a new topic one after the other, and any of them may be the one that is asked. */
const untilKnown = async <T>(ask: () => Promise<T>): Promise<T> => {
  const deadline = performance.now() + LEADERS_WAIT_MS_MAX
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (performance.now() > deadline) throw error
    }
    await sleep(20)
  }
}

/** The topics' places, as soon as every partition has a leader. */
const placesOf = (admin: Admin, names: string[]): Promise<ITopicMetadata[]> =>
  untilKnown(async () => {
    const { topics } = await admin.fetchTopicMetadata({ topics: names })
    if (topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0))) return topics
    throw new Error(`a partition has had no leader for ${LEADERS_WAIT_MS_MAX} ms`)
  })

/** A leader that is named may not serve yet: what is sent meanwhile is partly taken, and then sent again, all of it. */
const untilServed = async (admin: Admin, names: string[]): Promise<void> => {
  await Promise.all(names.map((name) => untilKnown(() => admin.fetchTopicOffsets(name))))
}

const compare = async (admin: Admin, wanted: TopicSettings[]): Promise<void> => {
  const names = wanted.map(({ name }) => name)
  const topics = await placesOf(admin, names)
  const { resources } = await untilKnown(() =>
    admin.describeConfigs({
      resources: names.map((name) => ({
        type: kafkajs.ConfigResourceTypes.TOPIC,
        name,
        configNames: ['cleanup.policy'],
      })),
      includeSynonyms: false,
    }),
  )
  for (const { name, partitions, config } of wanted) {
    const found = topics.find((topic) => topic.name === name)?.partitions.length
    if (found !== partitions) throw mismatch(name, 'partitions', String(found), String(partitions))
    const entries = resources.find(({ resourceName }) => resourceName === name)?.configEntries ?? []
    const policy = entries.find(({ configName }) => configName === 'cleanup.policy')?.configValue
    const wantedPolicy = config['cleanup.policy'] ?? 'delete'
    if (policy !== wantedPolicy) throw mismatch(name, 'cleanup.policy', String(policy), wantedPolicy)
  }
}

const mismatch = (topic: string, setting: string, found: string, wanted: string): RunnerError =>
  new RunnerError(
    'TOPIC_MISMATCH',
    `Topic "${topic}" exists with ${setting}=${found}, but ${wanted} is needed. Nothing was changed. ` +
      (setting === 'partitions'
        ? `Set KAR_COMMAND_PARTITIONS=${found} (commandPartitions) if this topic is to be used as it is, or choose another prefix.`
        : `Set it with kafka-configs --alter if the topic is this project's own, or choose another prefix.`),
  )
