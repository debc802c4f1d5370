import { randomUUID } from 'node:crypto'
import { Kafka, type KafkaMessage, logLevel } from 'kafkajs'

/** A record as a plain Kafka consumer gets it. */
export interface RawRecord {
  topic: string
  partition: number
  offset: number
  key: string
  value: string | null
  headers: Record<string, string>
  /** The broker's, milliseconds since 1970. */
  time: number
}

const READ_MS_MAX = 120_000

/**
 * All records of all topics with the prefix, from offset zero to where the topics end now, by a consumer that
 * shares no code with the library.
 */
export const readAllTopics = async (brokers: string[], prefix: string): Promise<Map<string, RawRecord[]>> => {
  const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(`${prefix}.`))
  const records = new Map<string, RawRecord[]>(topics.map((topic) => [topic, []]))
  const wanted = new Map<string, number>()
  for (const topic of topics) {
    for (const { partition, high } of await admin.fetchTopicOffsets(topic)) {
      if (Number(high) > 0) wanted.set(`${topic}/${partition}`, Number(high))
    }
  }
  await admin.disconnect()

  const done = Promise.withResolvers<void>()
  const timer = setTimeout(() => {
    const some = [...wanted.keys()].slice(0, 5).join(', ')
    done.reject(
      new Error(
        `Not all topics could be read within ${READ_MS_MAX / 1000} s; ${wanted.size} are left: ${some}`,
      ),
    )
  }, READ_MS_MAX)
  const consumer = kafka.consumer({ groupId: `chaos-oracle-${randomUUID()}`, maxWaitTimeInMs: 100 })
  try {
    await consumer.connect()
    await consumer.subscribe({ topics, fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch: { topic, partition, messages } }) => {
        for (const message of messages) records.get(topic)!.push(recordOf(topic, partition, message))
        const last = Number(messages.at(-1)?.offset ?? -1)
        const place = `${topic}/${partition}`
        if (last + 1 >= (wanted.get(place) ?? 0)) wanted.delete(place)
        if (wanted.size === 0) done.resolve()
      },
    })
    await done.promise
  } finally {
    clearTimeout(timer)
    await consumer.disconnect()
  }
  return records
}

const recordOf = (topic: string, partition: number, message: KafkaMessage): RawRecord => ({
  topic,
  partition,
  offset: Number(message.offset),
  key: message.key?.toString('utf8') ?? '',
  value: message.value === null ? null : message.value.toString('utf8'),
  headers: Object.fromEntries(
    Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]),
  ),
  time: Number(message.timestamp),
})
