import { Admin as OffsetsAdmin } from '@platformatic/kafka'
// A default import: Node's scan of this CommonJS package does not find all of its names.
import kafkajs, { type Admin } from 'kafkajs'
import type { KafkaOptions } from '../config.ts'
import { messageOf, RunnerError } from '../errors.ts'
import { sleep } from '../sleep.ts'
import {
  type CommandConsumer,
  type CommandConsumerOptions,
  createCommandConsumer,
} from './command-consumer.ts'
import { kafkajsConfig, platformaticConfig } from './options.ts'

export interface RunsConsumerOptions extends Omit<CommandConsumerOptions, 'onCommand'> {
  /** Where a group begins that has committed nothing: with all that the topic holds, or with what comes from now on. */
  fromBeginning: boolean
  /** Takes a record in; while it waits, no more of the partition comes. Never rejects. */
  onRecord: CommandConsumerOptions['onCommand']
  /** Aborts when it is to be stopped, also while start() waits. */
  signal: AbortSignal
}

export type RunsConsumer = CommandConsumer

/** For the topic, and for another first member of the group that is at the same. */
const WAIT_MS_MAX = 30_000
const PAUSE_MS = 250

/** A member of a consumer group over `<prefix>.runs`. */
export const createRunsConsumer = (kafka: KafkaOptions, options: RunsConsumerOptions): RunsConsumer => {
  const consumer = createCommandConsumer(kafka, { ...options, onCommand: options.onRecord })
  return {
    ...consumer,
    start: async () => {
      await prepare(kafka, options)
      await consumer.start()
    },
  }
}

/** @throws RunnerError BROKER_UNAVAILABLE, READ_FAILED when there is no such topic, RUNNER_CLOSED */
const prepare = async (kafka: KafkaOptions, options: RunsConsumerOptions): Promise<void> => {
  const admin = new kafkajs.Kafka(kafkajsConfig(kafka)).admin()
  try {
    await admin.connect()
    const isNew = await untilThere(admin, options)
    // Of a topic that was made meanwhile all comes from now on.
    if (!options.fromBeginning && !isNew) await beginAtEnd(admin, kafka, options)
  } catch (error) {
    if (error instanceof RunnerError) throw error
    throw new RunnerError(
      'BROKER_UNAVAILABLE',
      `Topic "${options.topic}" could not be looked at: ${messageOf(error)}. Check that the brokers at ` +
        `${kafka.brokers.join(', ')} are up, and that this client may read it with group "${options.groupId}".`,
      { cause: error },
    )
  } finally {
    await admin.disconnect()
  }
}

/** Workers and runners create the topic, and may start at the same moment. True when it was made while we waited. */
const untilThere = async (admin: Admin, options: RunsConsumerOptions): Promise<boolean> => {
  const { topic, logger, signal } = options
  const from = performance.now()
  let waited = false
  while (!(await admin.listTopics()).includes(topic)) {
    if (performance.now() - from > WAIT_MS_MAX) throw missing(topic)
    if (!waited) logger.warn(`Topic "${topic}" is missing; waiting for a worker or runner to create it`)
    waited = true
    await sleep(PAUSE_MS, signal)
    if (signal.aborted)
      throw new RunnerError('RUNNER_CLOSED', `The consumer of topic "${topic}" was stopped.`)
  }
  return waited
}

const missing = (topic: string): RunnerError =>
  new RunnerError(
    'READ_FAILED',
    `Topic "${topic}" is missing. The first worker or runner creates it: start one, and check the prefix (KAR_PREFIX).`,
  )

/**
 * Commits where the partitions end now, for those that the group has committed nothing of. Without that, a rebalance
 * before the first commit would move the beginning on to what is the end by then, over records that were delivered
 * and not handled.
 */
const beginAtEnd = async (
  admin: Admin,
  kafka: KafkaOptions,
  { topic, groupId }: RunsConsumerOptions,
): Promise<void> => {
  const from = performance.now()
  const ends = await admin.fetchTopicOffsets(topic)
  for (;;) {
    const [group] = await admin.fetchOffsets({ groupId, topics: [topic] })
    const committed = (group?.partitions ?? []).filter(({ offset }) => Number(offset) >= 0)
    const unset = ends.filter(({ partition }) => !committed.some((known) => known.partition === partition))
    if (unset.length === 0) return
    try {
      const offsets = unset.map(({ partition, high }) => ({ partition, offset: BigInt(high) }))
      return await setOffsets(kafka, groupId, topic, offsets)
    } catch (error) {
      // Only a group without members can be set: another first member is at this too, and we look again.
      if (performance.now() - from > WAIT_MS_MAX) throw error
    }
    await sleep(PAUSE_MS)
  }
}

/** kafkajs does this by joining the group for a fetch, which takes 5 s. */
const setOffsets = async (
  kafka: KafkaOptions,
  groupId: string,
  name: string,
  partitionOffsets: { partition: number; offset: bigint }[],
): Promise<void> => {
  const { clientId, brokers } = kafka
  const admin = new OffsetsAdmin({ ...platformaticConfig(kafka), clientId, bootstrapBrokers: brokers })
  try {
    await admin.alterConsumerGroupOffsets({ groupId, topics: [{ name, partitionOffsets }] })
  } finally {
    await admin.close()
  }
}
