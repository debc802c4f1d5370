import { Connection, fetchV17, metadataV12, produceV11 } from '@platformatic/kafka'
import kafkajs from 'kafkajs'
import { tolerant } from '../contestants/tolerant.ts'
import { now } from '../events.ts'

/** The bare client's speed on topics that are there: what is physically possible. */

const connect = async (broker: string): Promise<Connection> => {
  const [host, port] = broker.split(':')
  const connection = new Connection('raw', { maxInflights: 1 })
  await connection.connect(String(host), Number(port))
  return connection
}

export interface RawProduce {
  broker: string
  topics: string[]
  records: number
  /** Records in one request, spread evenly over the topics. */
  batch: number
  bytes: number
}

/** Milliseconds for so many records, one request after the other, acks=all. The records are made beforehand. */
export const rawProduce = async ({ broker, topics, records, batch, bytes }: RawProduce): Promise<number> => {
  const connection = await connect(broker)
  const value = Buffer.alloc(bytes, 'x')
  const headers = new Map(
    [
      'kind:event',
      'claim:00000000-0000-0000-0000-000000000000',
      'seq:100000',
      'type:TEXT_MESSAGE_CONTENT',
      'time:1800000000000',
    ].map((header) => header.split(':').map((part) => Buffer.from(part)) as [Buffer, Buffer]),
  )
  const requests: {
    topic: string
    partition: number
    key: Buffer
    value: Buffer
    headers: Map<Buffer, Buffer>
  }[][] = []
  for (let first = 0; first < records; first += batch) {
    const count = Math.min(batch, records - first)
    const each = Math.ceil(count / topics.length)
    requests.push(
      Array.from({ length: count }, (_, index) => ({
        topic: topics[(Math.floor(index / each) + first) % topics.length]!,
        partition: 0,
        key: Buffer.from(`event.00000000-0000-0000-0000-000000000000.${first + index}`),
        value,
        headers,
      })),
    )
  }
  const start = now()
  for (const messages of requests) await produceV11.api.async(connection, -1, 10_000, messages)
  const took = now() - start
  await connection.close()
  return took
}

/** Milliseconds to fetch a topic from its beginning to its end, and how many records that were. */
export const rawFetch = async ({
  broker,
  topic,
}: {
  broker: string
  topic: string
}): Promise<{ tookMs: number; records: number; bytes: number }> => {
  const connection = await connect(broker)
  const { topics } = await metadataV12.api.async(connection, [topic], false, false)
  const topicId = topics[0]!.topicId
  let offset = 0n
  let records = 0
  let bytes = 0
  const start = now()
  for (;;) {
    const partitions = [
      {
        partition: 0,
        currentLeaderEpoch: -1,
        fetchOffset: offset,
        lastFetchedEpoch: -1,
        partitionMaxBytes: 4 << 20,
      },
    ]
    const { responses } = await tolerant(
      fetchV17.api.async(connection, 0, 1, 16 << 20, 0, 0, -1, [{ topicId, partitions }], [], ''),
    )
    const partition = responses[0]!.partitions[0]!
    for (const batch of partition.records ?? []) {
      offset = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n
      records += batch.records.length
      bytes += batch.length
    }
    if (offset >= partition.highWatermark) break
  }
  const tookMs = now() - start
  await connection.close()
  return { tookMs, records, bytes }
}

/** Lets Kafka's cleaner take a topic at its next round, once something is appended; it waits an hour otherwise. */
export const letClean = async ({ broker, topics }: { broker: string; topics: string[] }): Promise<void> => {
  const admin = new kafkajs.Kafka({ brokers: [broker], logLevel: kafkajs.logLevel.NOTHING }).admin()
  await admin.connect()
  const configEntries = [
    { name: 'cleanup.policy', value: 'compact' },
    { name: 'segment.ms', value: '1000' },
    { name: 'min.compaction.lag.ms', value: '0' },
    { name: 'min.cleanable.dirty.ratio', value: '0.01' },
    { name: 'delete.retention.ms', value: '0' },
  ]
  const type = kafkajs.ConfigResourceTypes.TOPIC
  const resources = topics.map((name) => ({ type, name, configEntries }))
  await admin.alterConfigs({ validateOnly: false, resources })
  await admin.disconnect()
}
