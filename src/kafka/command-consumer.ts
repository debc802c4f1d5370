import { type Consumer, Kafka } from 'kafkajs'
import type { KafkaOptions } from '../config.ts'
import { messageOf, RunnerError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import { OVER, sleep } from '../sleep.ts'
import { type ConsumedRecord, consumedRecord } from './consumed-record.ts'
import { FAILURES_EXPECTED, HEARTBEAT_MS, memberConfig } from './member.ts'
import { kafkajsConfig } from './options.ts'

export interface CommandConsumerOptions {
  topic: string
  groupId: string
  sessionTimeoutMs: number
  /** Takes a record in; while it waits, no more of the partition comes. Never rejects. */
  onCommand(record: ConsumedRecord): Promise<void>
  /** The partitions that are this member's from now on. */
  onAssigned(partitions: number[]): void
  logger: Logger
}

export interface CommandConsumer {
  /** @throws RunnerError BROKER_UNAVAILABLE */
  start(): Promise<void>
  /** @throws when this member no longer owns the partition, or is joining anew: the commands come again, to it or to another */
  commit(partition: number, offset: number): Promise<void>
  /** Leaves the group: the partitions move at once. Idempotent. */
  stop(): Promise<void>
}

const JOIN_MS_MAX = 60_000

export const createCommandConsumer = (
  kafka: KafkaOptions,
  options: CommandConsumerOptions,
): CommandConsumer => {
  const { topic, groupId, sessionTimeoutMs, logger } = options
  const consumer = new Kafka(kafkajsConfig(kafka)).consumer(memberConfig(groupId, sessionTimeoutMs))
  const joined = Promise.withResolvers<void>()
  const joining = new AbortController()
  let assigned: number[] = []
  watch(consumer, options, (partitions) => {
    assigned = partitions
    joined.resolve()
  })
  const commit = createCommit(consumer, topic)
  let stopped: Promise<void> | undefined

  return {
    start: async () => {
      await consumer.connect()
      await consumer.subscribe({ topic, fromBeginning: true })
      await consumer.run({
        autoCommit: false,
        partitionsConsumedConcurrently: 16,
        eachMessage: async ({ partition, message, heartbeat }) => {
          const taken = options.onCommand(consumedRecord(topic, partition, message))
          await keepMembership(taken, heartbeat)
        },
      })
      const late = sleep(JOIN_MS_MAX, joining.signal).then(() => 'late')
      if ((await Promise.race([joined.promise, late])) === 'late') throw notJoined(groupId)
      joining.abort()
    },
    commit: async (partition, offset) => {
      // Kafka checks the generation, not the owner: a former one could set its successor's offset back.
      if (!assigned.includes(partition)) throw new Error(`partition ${partition} is another member's by now`)
      await commit(partition, String(offset))
    },
    stop: () => {
      joined.resolve()
      joining.abort()
      stopped ??= consumer.disconnect().catch((error) => {
        logger.warn('The command group could not be left in order', { error: messageOf(error) })
      })
      return stopped
    },
  }
}

/**
 * kafkajs resolves also where it has committed nothing, as while a member that failed joins anew: that it has, it
 * tells by an event alone.
 */
const createCommit = (consumer: Consumer, topic: string) => {
  const done = new Map<string, number>()
  const keyOf = (partition: number, offset: string) => `${partition}/${offset}`
  consumer.on(consumer.events.COMMIT_OFFSETS, ({ payload }) => {
    for (const { partitions } of payload.topics) {
      for (const { partition, offset } of partitions) {
        // A Long, whatever its type says.
        const key = keyOf(partition, String(offset))
        done.set(key, (done.get(key) ?? 0) + 1)
      }
    }
  })
  return async (partition: number, offset: string): Promise<void> => {
    await consumer.commitOffsets([{ topic, partition, offset }])
    const key = keyOf(partition, offset)
    const times = done.get(key) ?? 0
    if (times === 0) throw new Error('this member is not in its group at this moment')
    if (times === 1) done.delete(key)
    else done.set(key, times - 1)
  }
}

/** A record that waits for a free place must not cost the membership, which lives by heartbeats. */
const keepMembership = async (taken: Promise<void>, heartbeat: () => Promise<void>): Promise<void> => {
  const done = new AbortController()
  void taken.finally(() => done.abort(OVER))
  await sleep(0, done.signal)
  while (!done.signal.aborted) {
    await heartbeat()
    await sleep(HEARTBEAT_MS, done.signal)
  }
}

const watch = (
  consumer: Consumer,
  options: CommandConsumerOptions,
  onJoined: (assigned: number[]) => void,
): void => {
  let failures = 0
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    failures = 0
    const assigned = payload.memberAssignment[options.topic] ?? []
    options.onAssigned(assigned)
    onJoined(assigned)
  })
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    failures += 1
    const level = failures > FAILURES_EXPECTED ? 'warn' : 'info'
    options.logger[level]('A consumer failed and starts again', {
      group: options.groupId,
      error: payload.error.message,
    })
  })
}

const notJoined = (groupId: string): RunnerError =>
  new RunnerError(
    'BROKER_UNAVAILABLE',
    `Consumer group "${groupId}" could not be joined within ${JOIN_MS_MAX / 1000} s. ` +
      'Check that the brokers that coordinate groups are up, and that this client may use the group.',
  )
