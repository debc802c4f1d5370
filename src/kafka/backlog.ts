import type { ConnectionPool } from '@platformatic/kafka'
// A default import: Node's scan of this CommonJS package does not find all of its names.
import kafkajs, { type Admin } from 'kafkajs'
import type { KafkaOptions } from '../config.ts'
import { messageOf, RunnerError } from '../errors.ts'
import type { Cluster, Place } from './cluster.ts'
import { type FetchedRecord, fetchOnce, NO_SESSION } from './fetch.ts'
import { kafkajsConfig } from './options.ts'
import { KAFKA, nameOf } from './protocol-error.ts'

export interface BacklogRequest {
  topic: string
  partitions: number
  groupId: string
  key: string
}

/** What a consumer group has not finished: for who asks whether a command is still to come. */
export interface Backlog {
  /**
   * The records of a key from the group's committed offset to the partition's end; none of a topic that is
   * not there. Records that a client wrote by another partitioner than Kafka's own are not found.
   * @throws RunnerError READ_FAILED
   */
  of(request: BacklogRequest): Promise<FetchedRecord[]>
  /**
   * Names of the topics that start so.
   * @throws RunnerError READ_FAILED
   */
  topics(start: string): Promise<string[]>
  close(): Promise<void>
}

export const createBacklog = (cluster: Cluster, options: KafkaOptions): Backlog => {
  const pool = cluster.newPool()
  let connected: Promise<Admin> | undefined
  const admin = (): Promise<Admin> => {
    connected ??= connectAdmin(options).catch((error) => {
      connected = undefined
      throw error
    })
    return connected
  }

  const committedOffset = async ({ groupId, topic }: BacklogRequest, partition: number): Promise<number> => {
    const [answer] = await (await admin()).fetchOffsets({ groupId, topics: [topic] })
    const offset = answer?.partitions.find((one) => one.partition === partition)?.offset
    return Number(offset ?? -1)
  }

  const read = async (request: BacklogRequest): Promise<FetchedRecord[]> => {
    const { topic, key } = request
    const partition = partitionOf(request)
    const place = await cluster.locatePartition(topic, partition)
    if (place === undefined) return []
    const committed = await committedOffset(request, partition)
    const from =
      committed >= 0 ? committed : Number(await cluster.earliestOffset(topic, partition, place.leader))
    const records: FetchedRecord[] = []
    for await (const fetched of toTheEnd(pool, place, partition, from))
      records.push(...fetched.filter((record) => record.key === key))
    return records
  }

  return {
    of: (request) => orFail(`The commands that wait in topic "${request.topic}"`, () => read(request)),
    topics: (start) =>
      orFail('The names of the topics', async () => {
        const names = await (await admin()).listTopics()
        return names.filter((name) => name.startsWith(start))
      }),
    close: async () => {
      const admin = await connected?.catch(() => undefined)
      await Promise.all([admin?.disconnect(), cluster.closePool(pool)])
    },
  }
}

const orFail = async <T>(what: string, read: () => Promise<T>): Promise<T> => {
  try {
    return await read()
  } catch (error) {
    const message = `${what} cannot be read: ${messageOf(error)}. Check that the brokers are up.`
    throw new RunnerError('READ_FAILED', message, { cause: error })
  }
}

const connectAdmin = async (options: KafkaOptions): Promise<Admin> => {
  const admin = new kafkajs.Kafka(kafkajsConfig(options)).admin()
  await admin.connect()
  return admin
}

/** As Kafka's own producers place a record with a key. */
const partitionOf = ({ topic, partitions, key }: BacklogRequest): number =>
  kafkajs.Partitioners.DefaultPartitioner()({
    topic,
    partitionMetadata: Array.from({ length: partitions }, (_, partitionId) => ({
      partitionErrorCode: 0,
      partitionId,
      leader: 0,
      replicas: [],
      isr: [],
    })),
    message: { key, value: null },
  })

async function* toTheEnd(
  pool: ConnectionPool,
  { topicId, leader }: Place,
  partition: number,
  from: number,
): AsyncGenerator<FetchedRecord[]> {
  const connection = await pool.get(leader)
  for (let offset = from; ; ) {
    const answer = await fetchOnce(connection, {
      ...NO_SESSION,
      maxWaitMs: 0,
      partitions: [{ topicId, partition, offset }],
      forgotten: [],
    })
    const [fetched] = answer.partitions
    const errorCode = fetched?.errorCode ?? answer.errorCode
    if (fetched === undefined || errorCode !== KAFKA.NONE) throw new Error(nameOf(errorCode))
    yield fetched.records.filter((record) => record.offset >= offset)
    offset = Math.max(offset, fetched.nextOffset ?? 0)
    if (offset >= fetched.highWatermark) return
  }
}
