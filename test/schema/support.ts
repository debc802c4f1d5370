import { randomUUID } from 'node:crypto'
import kafkajs, { type IHeaders, logLevel, Partitioners } from 'kafkajs'
import { onTestFinished } from 'vitest'
import { sleep } from '../../src/sleep.ts'

const clientOf = (brokers: string[]) => new kafkajs.Kafka({ brokers, logLevel: logLevel.NOTHING })

export interface RawRecord {
  key: string
  value: Buffer | null
  headers: Record<string, string>
}

/** The bytes of a topic's records, as any consumer gets them. */
export const useRawTopic = (brokers: string[], topic: string) => {
  const records: RawRecord[] = []
  const consumer = clientOf(brokers).consumer({ groupId: randomUUID(), maxWaitTimeInMs: 50 })
  const run = async () => {
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({
      eachMessage: async ({ message: { key, value, headers } }) => {
        records.push({ key: String(key), value, headers: texts(headers) })
      },
    })
  }
  const running = run()
  onTestFinished(async () => {
    await running
    await consumer.disconnect()
  })
  return {
    records,
    /** Those that came until one of them fits. */
    until: async (fits: (record: RawRecord) => boolean): Promise<RawRecord[]> => {
      for (let waited = 0; !records.some(fits) && waited < 1_500; waited += 1) await sleep(10)
      return records
    },
  }
}

const texts = (headers: IHeaders | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)]))

export const produce = async (
  brokers: string[],
  topic: string,
  key: string,
  value: Buffer,
): Promise<void> => {
  const producer = clientOf(brokers).producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  await producer.send({ topic, messages: [{ key, value }] })
  await producer.disconnect()
}
