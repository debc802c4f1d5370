import { randomUUID } from 'node:crypto'
import kafkajs, { logLevel } from 'kafkajs'
import { onTestFinished } from 'vitest'

/** What other programs see of a topic: all of its records, read by a consumer group as theirs would be. */
export const useTopic = (brokers: string[], topic: string) => {
  const records: { key: string | undefined; value: string | undefined }[] = []
  /** Of the records, in their order. */
  const headers: Record<string, string>[] = []
  const consumer = new kafkajs.Kafka({ brokers, logLevel: logLevel.NOTHING }).consumer({
    groupId: randomUUID(),
    maxWaitTimeInMs: 50,
  })
  const run = async () => {
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({
      eachMessage: async ({ message }) => {
        records.push({ key: message.key?.toString(), value: message.value?.toString() })
        headers.push(
          Object.fromEntries(
            Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]),
          ),
        )
      },
    })
  }
  const running = run()
  onTestFinished(async () => {
    await running
    await consumer.disconnect()
  })
  return { records, headers }
}

/** How many records of a topic a consumer group has committed, over all partitions. */
export const committedOf = async (brokers: string[], groupId: string, topic: string): Promise<number> => {
  const admin = new kafkajs.Kafka({ brokers, logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  const [answer] = await admin.fetchOffsets({ groupId, topics: [topic] })
  await admin.disconnect()
  return (answer?.partitions ?? []).reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0)
}

/**
 * Whether a consumer group has committed all that the topic holds. Not compared with what a test has sent: a topic
 * that is just made may not have all of its leaders, and a producer that tries again has some of it twice.
 */
export const isAllCommitted = async (brokers: string[], groupId: string, topic: string): Promise<boolean> => {
  const admin = new kafkajs.Kafka({ brokers, logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  const [ends, [answer]] = await Promise.all([
    admin.fetchTopicOffsets(topic),
    admin.fetchOffsets({ groupId, topics: [topic] }),
  ])
  await admin.disconnect()
  const committed = new Map(answer?.partitions.map(({ partition, offset }) => [partition, Number(offset)]))
  return ends.every(({ partition, high }) => Math.max(0, committed.get(partition) ?? 0) >= Number(high))
}
