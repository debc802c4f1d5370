import {
  type Connection,
  type ConnectionPool,
  describeConfigsV4,
  describeLogDirsV4,
  listOffsetsV9,
  metadataV12,
} from '@platformatic/kafka'
import { messageOf, RunnerError } from '../errors.ts'
import type { BrokerAddress, Cluster } from './cluster.ts'
import { answerOf, KAFKA } from './protocol-error.ts'

/** What the brokers say of a topic. */
export interface TopicFacts {
  name: string
  partitions: number
  /** From the first offset that is still there to the end; more than there are records where the cleaner passed. */
  records: number
  /** On the disks of all brokers, replicas counted each; undefined where this client may not ask. */
  bytes: number | undefined
  /** The settings that were asked for. */
  config: Record<string, string>
}

interface Topic {
  name: string
  partitions: { id: number; leader: number }[]
}

type Brokers = Map<number, BrokerAddress>

/** Topics in one request. */
const TOPICS_MAX = 500
const TOPIC_RESOURCE = 2
const EARLIEST = -2n
const LATEST = -1n

/**
 * Asks for all topics whose names start so, some hundred in one request.
 * @throws RunnerError BROKER_UNAVAILABLE
 */
export const topicFacts = async (
  cluster: Cluster,
  { start, settings }: { start: string; settings: string[] },
): Promise<TopicFacts[]> => {
  const pool = cluster.newPool()
  try {
    const connection = await cluster.anyBroker()
    const { topics, brokers } = await topicsOf(connection, start)
    const facts: TopicFacts[] = []
    for (let at = 0; at < topics.length; at += TOPICS_MAX) {
      const some = topics.slice(at, at + TOPICS_MAX)
      const [first, end] = [
        await offsetsOf(pool, brokers, some, EARLIEST),
        await offsetsOf(pool, brokers, some, LATEST),
      ]
      const bytes = await bytesOf(pool, brokers, some)
      const configs = await configsOf(connection, some, settings)
      for (const { name, partitions } of some) {
        facts.push({
          name,
          partitions: partitions.length,
          records: sum(end.get(name)) - sum(first.get(name)),
          bytes: bytes && (bytes.get(name) ?? 0),
          config: configs.get(name) ?? {},
        })
      }
    }
    return facts
  } catch (error) {
    if (error instanceof RunnerError) throw error
    throw new RunnerError(
      'BROKER_UNAVAILABLE',
      `The brokers could not be asked about their topics: ${messageOf(error)}. Check that all of them are up, and ` +
        'that this client may describe topics.',
      { cause: error },
    )
  } finally {
    await cluster.closePool(pool)
  }
}

/**
 * Where each partition of a topic ends now.
 * @throws RunnerError BROKER_UNAVAILABLE
 */
export const endsOf = async (cluster: Cluster, topic: string): Promise<Map<number, number>> => {
  const pool = cluster.newPool()
  try {
    const { topics, brokers } = await topicsOf(await cluster.anyBroker(), topic)
    const wanted = topics.filter(({ name }) => name === topic)
    const ends = (await offsetsOf(pool, brokers, wanted, LATEST)).get(topic)
    return new Map([...(ends ?? [])].map(([partition, offset]) => [partition, Number(offset)]))
  } catch (error) {
    if (error instanceof RunnerError) throw error
    throw new RunnerError(
      'BROKER_UNAVAILABLE',
      `The end of topic "${topic}" is not known: ${messageOf(error)}.`,
    )
  } finally {
    await cluster.closePool(pool)
  }
}

const topicsOf = async (
  connection: Connection,
  start: string,
): Promise<{ topics: Topic[]; brokers: Brokers }> => {
  const answer = await answerOf(metadataV12.api.async(connection, null, false, false))
  const topics = answer.topics
    .filter(({ name }) => name?.startsWith(start))
    .map(({ name, partitions }) => ({
      name: name ?? '',
      partitions: partitions.map(({ partitionIndex, leaderId }) => ({
        id: partitionIndex,
        leader: leaderId,
      })),
    }))
  return {
    topics,
    brokers: new Map(answer.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }])),
  }
}

/** Of each topic the offset of each partition; a leader is asked for those that it leads. */
const offsetsOf = async (
  pool: ConnectionPool,
  brokers: Brokers,
  topics: Topic[],
  timestamp: bigint,
): Promise<Map<string, Map<number, bigint>>> => {
  const found = new Map<string, Map<number, bigint>>()
  for (const [id, address] of brokers) {
    const led = topics
      .map(({ name, partitions }) => ({
        name,
        partitions: partitions
          .filter(({ leader }) => leader === id)
          .map((partition) => ({ partitionIndex: partition.id, currentLeaderEpoch: -1, timestamp })),
      }))
      .filter(({ partitions }) => partitions.length > 0)
    if (led.length === 0) continue
    const answer = await answerOf(listOffsetsV9.api.async(await pool.get(address), -1, 0, led))
    for (const { name, partitions } of answer.topics) {
      const offsets = found.get(name) ?? new Map<number, bigint>()
      for (const { partitionIndex, offset } of partitions) offsets.set(partitionIndex, offset)
      found.set(name, offsets)
    }
  }
  return found
}

/** Over all brokers; undefined when one of them does not tell. */
const bytesOf = async (
  pool: ConnectionPool,
  brokers: Brokers,
  topics: Topic[],
): Promise<Map<string, number> | undefined> => {
  const wanted = topics.map(({ name, partitions }) => ({ name, partitions: partitions.map(({ id }) => id) }))
  const bytes = new Map<string, number>()
  for (const address of brokers.values()) {
    const answer = await answerOf(describeLogDirsV4.api.async(await pool.get(address), wanted))
    if (answer.errorCode !== KAFKA.NONE) return undefined
    for (const { name, partitions } of answer.results.flatMap((result) => result.topics)) {
      const size = partitions.reduce((total, { partitionSize }) => total + Number(partitionSize), 0)
      bytes.set(name, (bytes.get(name) ?? 0) + size)
    }
  }
  return bytes
}

const configsOf = async (
  connection: Connection,
  topics: Topic[],
  settings: string[],
): Promise<Map<string, Record<string, string>>> => {
  const resources = topics.map(({ name }) => ({
    resourceType: TOPIC_RESOURCE,
    resourceName: name,
    configurationKeys: settings,
  })) as describeConfigsV4.DescribeConfigsRequestResource[]
  const answer = await answerOf(describeConfigsV4.api.async(connection, resources, false, false))
  return new Map(
    answer.results.map(({ resourceName, configs }) => [
      resourceName,
      Object.fromEntries(configs.map(({ name, value }) => [name, value ?? ''])),
    ]),
  )
}

const sum = (offsets: Map<number, bigint> | undefined): number =>
  [...(offsets?.values() ?? [])].reduce((total, offset) => total + Number(offset), 0)
