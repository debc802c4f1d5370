import { type ConnectionPool, produceV11 } from '@platformatic/kafka'
import { messageOf, RunnerError } from '../errors.ts'
import { sleep } from '../sleep.ts'
import {
  type Appended,
  type Batch,
  type Item,
  type Lane,
  messageFor,
  type RecordsOf,
  sizeOf,
  takeBatches,
} from './append-batch.ts'
import type { BrokerAddress, Cluster } from './cluster.ts'
import { answerOf, isRetriable, KAFKA, nameOf } from './protocol-error.ts'

export interface Appender {
  /**
   * Appends records side by side, after all that was appended to the topic before, and resolves once all
   * in-sync replicas have them.
   * @throws RunnerError APPEND_FAILED; the records may have landed all the same
   */
  append(topic: string, records: RecordsOf): Promise<Appended>
  close(): Promise<void>
}

export interface AppenderOptions {
  /** How long one append is retried. */
  appendTimeoutMs: number
  /** Kafka max.message.bytes: no batch of one topic is larger. */
  batchBytesMax: number
  /** Kafka max.request.size. */
  requestBytesMax: number
}

/**
 * Group commit over all threads: a broker's request goes out at once when none is in flight; what comes
 * meanwhile travels together in the next one.
 */
export const createAppender = (cluster: Cluster, options: AppenderOptions): Appender => {
  const lanes = new Map<string, Lane>()
  const senders = new Map<string, { ready: Set<Lane>; sending: boolean }>()
  const pool = cluster.newPool()
  const closing = new AbortController()

  const itemOf = (recordsOf: RecordsOf): Item => {
    const records = recordsOf(0)
    const bytes = records.reduce((sum, record) => sum + sizeOf(record), 0)
    const deadline = performance.now() + options.appendTimeoutMs
    return { recordsOf, records, bytes, attempt: 0, deadline, done: Promise.withResolvers() }
  }

  const append = (topic: string, recordsOf: RecordsOf): Promise<Appended> => {
    if (closing.signal.aborted) return Promise.reject(closedError())
    const item = itemOf(recordsOf)
    const lane = lanes.get(topic)
    if (lane === undefined) {
      const started = { topic, items: [item] }
      lanes.set(topic, started)
      void dispatch(started)
    } else {
      lane.items.push(item)
    }
    return item.done.promise
  }

  /** Puts a lane into its leader's next request; a lane is in one place at a time. */
  const dispatch = async (lane: Lane): Promise<void> => {
    try {
      const place = await cluster.locate(lane.topic)
      if (place === undefined) {
        retry(lane, lane.items.length, nameOf(KAFKA.UNKNOWN_TOPIC_OR_PARTITION))
        return
      }
      const address = `${place.leader.host}:${place.leader.port}`
      const sender = senders.get(address) ?? { ready: new Set<Lane>(), sending: false }
      senders.set(address, sender)
      sender.ready.add(lane)
      if (!sender.sending) {
        sender.sending = true
        void send(place.leader, sender)
      }
    } catch (error) {
      retry(lane, lane.items.length, messageOf(error))
    }
  }

  const send = async (
    leader: BrokerAddress,
    sender: { ready: Set<Lane>; sending: boolean },
  ): Promise<void> => {
    while (sender.ready.size > 0) {
      const batches = takeBatches(sender.ready, options)
      await sendBatches(pool, leader, batches, options.appendTimeoutMs, { settle, retry })
    }
    sender.sending = false
  }

  const settle = (lane: Lane, count: number, baseOffset: number): void => {
    let offset = baseOffset
    for (const item of lane.items.splice(0, count)) {
      item.done.resolve({ baseOffset: offset, appendAttempt: item.attempt })
      offset += item.records.length
    }
    if (lane.items.length === 0) lanes.delete(lane.topic)
    else void dispatch(lane)
  }

  const fail = (lane: Lane, count: number, error: RunnerError): void => {
    for (const item of lane.items.splice(0, count)) item.done.reject(error)
    if (lane.items.length === 0) lanes.delete(lane.topic)
  }

  /** The first `count` items of the lane go again, under new keys, until their time is over. */
  const retry = (lane: Lane, count: number, reason: string, fatal = false): void => {
    cluster.forget(lane.topic)
    const now = performance.now()
    // Items behind a failed one fail with it: to append them would leave a gap in the thread.
    if (
      fatal ||
      closing.signal.aborted ||
      lane.items.some((item, index) => index < count && item.deadline < now)
    ) {
      fail(lane, lane.items.length, appendError(lane.topic, reason, options.appendTimeoutMs))
      return
    }
    for (const item of lane.items.slice(0, count)) {
      item.attempt += 1
      item.records = item.recordsOf(item.attempt)
    }
    const attempt = lane.items[0]?.attempt ?? 1
    void sleep(Math.min(2 ** attempt, 250), closing.signal).then(() => dispatch(lane))
  }

  const close = async (): Promise<void> => {
    closing.abort()
    for (const lane of lanes.values()) fail(lane, lane.items.length, closedError())
    await cluster.closePool(pool)
  }

  return { append, close }
}

type Outcomes = {
  settle: (lane: Lane, count: number, baseOffset: number) => void
  retry: (lane: Lane, count: number, reason: string, fatal?: boolean) => void
}

const sendBatches = async (
  pool: ConnectionPool,
  leader: BrokerAddress,
  batches: Batch[],
  timeoutMs: number,
  { settle, retry }: Outcomes,
): Promise<void> => {
  const messages = batches.flatMap(({ lane, count }) =>
    lane.items
      .slice(0, count)
      .flatMap((item) => item.records.map((record) => messageFor(lane.topic, record))),
  )
  try {
    const connection = await pool.get(leader)
    const answer = await answerOf(produceV11.api.async(connection, -1, timeoutMs, messages))
    if (typeof answer === 'boolean') throw new Error('the broker was not asked to acknowledge')
    const partitions = new Map(
      answer.responses.map(({ name, partitionResponses }) => [name, partitionResponses[0]]),
    )
    for (const { lane, count } of batches) {
      const partition: produceV11.ProduceResponsePartition | undefined = partitions.get(lane.topic)
      if (partition?.errorCode === KAFKA.NONE) settle(lane, count, Number(partition.baseOffset))
      else {
        const code = partition?.errorCode ?? KAFKA.UNKNOWN_TOPIC_OR_PARTITION
        retry(lane, count, nameOf(code), !isRetriable(code))
      }
    }
  } catch (error) {
    for (const { lane, count } of batches) retry(lane, count, messageOf(error))
  }
}

const appendError = (topic: string, reason: string, timeoutMs: number): RunnerError =>
  new RunnerError(
    'APPEND_FAILED',
    `Nothing could be appended to topic "${topic}" within ${timeoutMs / 1000} s: ${reason}. ` +
      'Check that its leader is up and that enough replicas are in sync (min.insync.replicas).',
  )

const closedError = (): RunnerError =>
  new RunnerError('RUNNER_CLOSED', 'The appender was closed before the append.')
