import { randomUUID } from 'node:crypto'
import { Producer, stringSerializers } from '@platformatic/kafka'
import kafkajs, { logLevel } from 'kafkajs'
import { expect, inject, it, onTestFinished } from 'vitest'
import { clientConfig } from '../../src/config.ts'
import { Cluster } from '../../src/kafka/cluster.ts'
import { fetchOnce, NO_SESSION } from '../../src/kafka/fetch.ts'
import { createSourceConsumer } from '../../src/kafka/source-consumer.ts'
import { sleep } from '../../src/sleep.ts'
import { quiet } from '../support/quiet.ts'

/** A topic with such settings, and what a consumer of it gets. */
const useTopicOf = async (config: Record<string, string> = {}) => {
  const brokers = inject('kafkaBrokers')
  const topic = `source-${randomUUID()}`
  const client = new kafkajs.Kafka({ brokers, logLevel: logLevel.NOTHING })
  const admin = client.admin()
  await admin.connect()
  onTestFinished(() => admin.disconnect())
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }))
  await admin.createTopics({ topics: [{ topic, numPartitions: 1, configEntries }], waitForLeaders: false })
  await expect
    .poll(() => admin.fetchTopicOffsets(topic).catch(() => []), { timeout: 10_000, interval: 20 })
    .toHaveLength(1)
  const { kafka } = clientConfig({ kafka: { brokers } })
  const keys: (string | undefined)[] = []
  const consume = async (): Promise<(string | undefined)[]> => {
    const consumer = createSourceConsumer(kafka, {
      topics: [topic],
      groupId: topic,
      sessionTimeoutMs: 6_000,
      onRecords: async (records) => {
        keys.push(...records.map(({ key }) => key))
        return true
      },
      onError: (error) => keys.push(error.message),
      logger: quiet,
    })
    onTestFinished(() => consumer.stop(1_000))
    await consumer.start()
    return keys
  }
  return { brokers, topic, client, kafka, consume }
}

it('reads what others compressed, in whichever way', async () => {
  const { brokers, topic, consume } = await useTopicOf()
  const kinds = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
  for (const compression of kinds) {
    const producer = new Producer({
      clientId: 'other',
      bootstrapBrokers: brokers,
      compression,
      serializers: stringSerializers,
    })
    const value = 'x'.repeat(1_000)
    await producer.send({ messages: [{ topic, key: compression, value }], acks: -1 })
    await producer.close()
  }
  const keys = await consume()
  await expect.poll(() => keys, { timeout: 10_000 }).toEqual(kinds)
})

// Kafka's cleaner comes every 15 s.
it('goes on behind batches that the cleaner of a compacted topic emptied', { timeout: 90_000 }, async () => {
  const { topic, client, kafka, consume } = await useTopicOf({
    'cleanup.policy': 'compact',
    'segment.ms': '200',
    'segment.bytes': '1048576',
    'min.cleanable.dirty.ratio': '0',
    'max.compaction.lag.ms': '100',
  })
  const [one, other] = [0, 1].map(() => client.producer({ idempotent: true, maxInFlightRequests: 1 }))
  const send = async (producer = other!, ...messages: string[]) =>
    producer.send({ topic, messages: messages.map((key) => ({ key, value: 'x'.repeat(100_000) })) })
  await Promise.all([one?.connect(), other?.connect()])
  onTestFinished(async () => {
    await Promise.all([one?.disconnect(), other?.disconnect()])
  })
  // The last record of a segment, and of its producer, is replaced by one of the next segment; the two are too large
  // to become one. Its batch stays, empty: it says which producer was there.
  const keysOf = (name: string) => Array.from({ length: 9 }, (_, index) => `${name}${index}`)
  await send(other, ...keysOf('first'))
  await send(one, 'replaced')
  await sleep(500)
  await send(other, 'replaced', ...keysOf('second'))
  await sleep(500)
  await send(other, 'last')
  await expect.poll(() => isEmptyAt(kafka, topic, 9), { timeout: 60_000, interval: 500 }).toBe(true)

  const keys = await consume()
  await expect
    .poll(() => keys, { timeout: 20_000 })
    .toEqual([...keysOf('first'), 'replaced', ...keysOf('second'), 'last'])
})

/** Whether a fetch at this offset brings a batch without a record. */
const isEmptyAt = async (
  kafka: ReturnType<typeof clientConfig>['kafka'],
  topic: string,
  offset: number,
): Promise<boolean> => {
  const cluster = new Cluster(kafka)
  try {
    const { topicId, leader } = (await cluster.locatePartition(topic, 0))!
    const connection = await cluster.newPool().get(leader)
    const partitions = [{ topicId, partition: 0, offset }]
    const answer = await fetchOnce(connection, { ...NO_SESSION, maxWaitMs: 0, partitions, forgotten: [] })
    const [fetched] = answer.partitions
    return fetched?.records.length === 0 && fetched.nextOffset === offset + 1
  } finally {
    await cluster.close()
  }
}
