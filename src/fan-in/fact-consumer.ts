import { LRUCache } from 'lru-cache'
import type { FactConsumerConfig } from '../config.ts'
import { letterOf } from '../dead-letter/letter.ts'
import { messageOf, RunnerError } from '../errors.ts'
import type { ConsumedRecord } from '../kafka/consumed-record.ts'
import type { SharedProducer } from '../kafka/producer.ts'
import { createRunsConsumer } from '../kafka/runs-consumer.ts'
import type { Logger } from '../logger.ts'
import type { RecordFormat } from '../schema/record-format.ts'
import { machine, settlesWithin } from '../system.ts'
import { sharedTopics } from '../topics.ts'
import { type AttemptOptions, attemptUntilDone } from './attempts.ts'
import { createCommits } from './commits.ts'
import { decodeFact } from './decode-fact.ts'
import { KeyQueues } from './key-queues.ts'
import { OwnedPartition } from './owned-partition.ts'
import { type Delivery, sizeOf } from './parts.ts'
import { Room } from './room.ts'
import { parseRunFact, type RunFact } from './run-fact.ts'

export interface FactConsumerParts {
  config: FactConsumerConfig
  format: RecordFormat
  /** For the dead letters. */
  producer: Pick<SharedProducer, 'send'>
  /** Facts that are of no interest are passed over at once. */
  wants(fact: RunFact): boolean
  /**
   * Does what is to be done with a fact: once, unless it rejects, in which case it is called again, `attemptsMax`
   * times in all. The signal aborts when the consumer stops, or another member has the fact's partition.
   */
  handle(delivery: Delivery, signal: AbortSignal): Promise<void>
  logger: Logger
}

export interface FactConsumer {
  /** @throws RunnerError BROKER_UNAVAILABLE, READ_FAILED, REGISTRY_UNAVAILABLE */
  start(): Promise<void>
  /** Finishes what is in hand, within `stopTimeoutMs`, commits and leaves the group. Idempotent; never rejects. */
  stop(): Promise<void>
  /** Resolves when it has stopped; rejects, once it has, with what made it stop. */
  done: Promise<void>
}

const ROOM = { recordsMax: 1_000, bytesMax: 64_000_000 }
/** Facts that were handled, of which a record that comes again is told; some 150 bytes each. */
const SEEN_MAX = 100_000
const LEAVE_GROUP_MS_MAX = 5_000

/**
 * Reads `<prefix>.runs` in a consumer group: facts of a thread one after the other, of different threads side by
 * side. A partition's offset is committed up to its lowest record that is not handled.
 */
export const createFactConsumer = (options: FactConsumerParts): FactConsumer => {
  const { config, format, producer, handle, wants, logger } = options
  const topics = sharedTopics(config.prefix, 1)
  const partitions = new Map<number, OwnedPartition>()
  const seen = new LRUCache<string, true>({ max: SEEN_MAX })
  const room = new Room(ROOM)
  const queues = new KeyQueues(config.concurrency)
  const leaving = new AbortController()
  const left = Promise.withResolvers<void>()
  const done = Promise.withResolvers<void>()
  const decode = (record: ConsumedRecord) => parseRunFact(format.decode('run-fact', record.value))

  const onAssigned = (assigned: number[]): void => {
    for (const [number, partition] of partitions) {
      if (assigned.includes(number)) continue
      partition.lose()
      partitions.delete(number)
    }
    // What is in hand of a partition that stays is not begun again when it is delivered again.
    for (const number of assigned) {
      if (!partitions.has(number)) partitions.set(number, new OwnedPartition(leaving.signal, decode))
    }
  }

  const onRecord = async (record: ConsumedRecord): Promise<void> => {
    // Held until the group is left: nobody is to think that it was taken.
    if (leaving.signal.aborted) return left.promise
    const partition = partitions.get(record.partition)
    if (partition === undefined) return
    if (!partition.progress.begin(record.offset)) return commits.soon()
    partition.turn = partition.turn.then(async () => {
      await room.enter(sizeOf(record))
      if (!(await take(partition, record))) room.leave(sizeOf(record))
    })
    await partition.turn
  }

  /** Puts a record into its thread's queue; false when nothing is left to do with it, or it is left to who comes next. */
  const take = async (partition: OwnedPartition, record: ConsumedRecord): Promise<boolean> => {
    const fact = await decoded(partition, record)
    if (fact === undefined || partition.letGo.aborted) return false
    giveUpStale(partition, record.offset)
    if (!wants(fact) || seen.has(keyOf(fact))) {
      finish(partition, [record])
      return false
    }
    if (fact.parts === 1) {
      push(partition, { fact, records: [record] })
      return true
    }
    const joined = partition.parts.add(fact, record)
    if (joined.what === 'useless') finish(partition, [record])
    if (joined.what === 'complete') {
      push(partition, joined.delivery)
      return true
    }
    checkSize(fact)
    return false
  }

  /** Nothing for a record that is no fact, and went to the dead letters. */
  const decoded = async (partition: OwnedPartition, record: ConsumedRecord): Promise<RunFact | undefined> => {
    let fact: RunFact | undefined
    const read = async (): Promise<void> => {
      try {
        fact = await decodeFact(format, record)
      } catch (error) {
        if ((error as RunnerError).code !== 'FACT_UNDECODABLE') throw error
        await bury(record, error as RunnerError)
        finish(partition, [record])
      }
    }
    const tried = await attemptUntilDone(read, attempting(partition))
    if (tried.what === 'failed') fail(tried.error)
    return fact
  }

  const attempting = ({ letGo }: OwnedPartition): AttemptOptions => ({
    attemptsMax: config.attemptsMax,
    signal: letGo,
    onFailure: (error, attempts) =>
      logger.warn('A fact could not be handled; it is tried again', { attempts, error: messageOf(error) }),
  })

  const bury = async (record: ConsumedRecord, error: RunnerError): Promise<void> => {
    const { partition, offset } = record
    logger.warn('A record of the runs topic went to the dead letters', {
      code: error.code,
      reason: error.message,
      partition,
      offset,
    })
    await producer.send(letterOf(topics.deadLetter.name, record, error))
  }

  /** Of an end whose first parts are here and whose last ones never came: whoever tells it again tells all of it. */
  const giveUpStale = (partition: OwnedPartition, offset: number): void => {
    for (const { fact, records } of partition.parts.takeStale(offset)) {
      const { threadId, id } = fact
      logger.warn('An end of a run was never told to its end, and is left out', { threadId, id })
      finish(partition, records)
    }
  }

  const checkSize = ({ threadId, id, parts }: RunFact): void => {
    const bytes = [...partitions.values()].reduce((sum, partition) => sum + partition.parts.bytes, 0)
    if (bytes <= config.partsBytesMax) return
    const message =
      `The parts of ends of runs that are not complete take ${bytes} bytes, and ${config.partsBytesMax} are allowed; ` +
      `the last was of ${id} (${parts} parts) in thread ${JSON.stringify(threadId)}. Raise partsBytesMax.`
    fail(new RunnerError('RUN_TOO_LARGE', message))
  }

  const push = (partition: OwnedPartition, delivery: Delivery): void => {
    const bytes = delivery.records.reduce((sum, record) => sum + sizeOf(record), 0)
    // Of an end in parts only the last has a place until now.
    room.grow(bytes - sizeOf(delivery.records.at(-1)!))
    queues.push(delivery.fact.threadId, async () => {
      await work(partition, delivery)
      room.leave(bytes)
    })
  }

  const work = async (partition: OwnedPartition, { fact, records }: Delivery): Promise<void> => {
    const { letGo } = partition
    if (letGo.aborted) return
    // It may have been told twice in a row, or be delivered again after its partition was away.
    if (!seen.has(keyOf(fact))) {
      const tried = await attemptUntilDone(() => handle({ fact, records }, letGo), attempting(partition))
      if (tried.what === 'failed') fail(unhandled(fact, tried.attempts, tried.error))
      if (tried.what !== 'done') return
      seen.set(keyOf(fact), true)
    }
    finish(partition, records)
  }

  const finish = ({ progress }: OwnedPartition, records: ConsumedRecord[]): void => {
    for (const { offset } of records) progress.done(offset)
    commits.soon()
  }

  const consumer = createRunsConsumer(config.kafka, {
    topic: topics.runs.name,
    groupId: config.groupId,
    sessionTimeoutMs: config.sessionTimeoutMs,
    fromBeginning: config.fromBeginning,
    onRecord,
    onAssigned,
    signal: leaving.signal,
    logger,
  })

  const commits = createCommits({ partitions, consumer, signal: leaving.signal, logger })

  const leave = async (): Promise<void> => {
    room.close()
    if (!(await settlesWithin(machine, queues.idle(), config.stopTimeoutMs)))
      logger.error('Facts were left in hand; who comes next gets them again', {
        stopTimeoutMs: config.stopTimeoutMs,
      })
    await settlesWithin(machine, commits.now(), LEAVE_GROUP_MS_MAX)
    left.resolve()
    await settlesWithin(machine, consumer.stop(), LEAVE_GROUP_MS_MAX)
  }

  let started: Promise<void> | undefined
  let stopped: Promise<void> | undefined
  let failure: { error: unknown } | undefined
  const stop = (): Promise<void> => {
    leaving.abort()
    stopped ??= (started ?? Promise.resolve())
      .catch(() => {})
      .then(leave)
      .then(() => (failure === undefined ? done.resolve() : done.reject(failure.error)))
    return stopped
  }
  const fail = (error: unknown): void => {
    failure ??= { error }
    void stop()
  }

  return {
    start: () => {
      started ??= consumer.start()
      return started
    },
    stop,
    done: done.promise,
  }
}

/** The same of two records says that they tell the same. */
const keyOf = ({ threadId, id }: RunFact): string => JSON.stringify([threadId, id])

const unhandled = ({ threadId, id }: RunFact, attempts: number, error: unknown): RunnerError =>
  new RunnerError(
    'FACT_UNHANDLED',
    `The fact ${id} of thread ${JSON.stringify(threadId)} could not be handled in ${attempts} attempts: ` +
      `${messageOf(error)}. It is not committed: it comes again when the consumer is started again.`,
    { cause: error },
  )
