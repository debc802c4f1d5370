import { randomUUID } from 'node:crypto'
import kafkajs from 'kafkajs'
import { describe, expect, inject, it, onTestFinished, vi } from 'vitest'
import { clientConfig } from '../../src/config.ts'
import { createProducer } from '../../src/kafka/producer.ts'
import { useLogIo } from '../support/log-io.ts'
import { useTopic } from '../support/topic.ts'

/** A producer, topics of its own with a partition each, and a count of its Produce requests. */
const useProducer = async (topicCount = 1) => {
  const brokers = inject('kafkaBrokers')
  const { cluster } = useLogIo()
  const topics = Array.from({ length: topicCount }, () => `producer-${randomUUID()}`)
  await Promise.all(topics.map((topic) => cluster.createTopic(topic, {})))
  const made = vi.spyOn(kafkajs.Kafka.prototype, 'producer')
  const producer = createProducer(clientConfig({ kafka: { brokers } }).kafka, { acks: -1 })
  const inner = made.mock.results[0]?.value as kafkajs.Producer
  made.mockRestore()
  onTestFinished(() => producer.close())
  let requests = 0
  inner.on(inner.events.REQUEST, ({ payload }) => {
    if (payload.apiName === 'Produce') requests += 1
  })
  const send = (key: string, value: string, topic = topics[0]!) =>
    producer.send({ topic, key, value: Buffer.from(value) })
  const read = (topic = topics[0]!) => useTopic(brokers, topic).records
  return { producer, topics, send, read, requests: () => requests }
}

const codeOf = ({ reason }: PromiseRejectedResult): string => reason.code
const TOO_LARGE = 'x'.repeat(1_100_000)

describe('the producer of shared topics', () => {
  it('keeps the order of a key, also over requests and topics', async () => {
    const { topics, send, read } = await useProducer(2)
    const expected: string[] = []
    const sends: Promise<void>[] = []
    for (let index = 0; index < 1_200; index += 1) {
      expected.push(`${index}`)
      sends.push(...topics.map((topic) => send('key', `${index}`, topic)))
      // So that some are sent while a request is in flight.
      if (index % 100 === 99) await sends[index - 50]
    }
    await Promise.all(sends)
    for (const topic of topics) {
      const records = read(topic)
      await expect.poll(() => records.length, { timeout: 20_000 }).toBe(expected.length)
      expect(records.map(({ value }) => value)).toEqual(expected)
    }
  })

  it('takes few requests for a thousand records at once, and one for a record alone', async () => {
    const { send, requests } = await useProducer()
    await send('key', 'alone')
    expect(requests()).toBe(1)
    await Promise.all(Array.from({ length: 1_000 }, (_, index) => send(`key-${index}`, 'one of many')))
    expect(requests()).toBeLessThanOrEqual(1 + 3)
  })

  it('writes tombstones', async () => {
    const { producer, topics, read, send } = await useProducer()
    await Promise.all([send('key', 'value'), producer.send({ topic: topics[0]!, key: 'key', value: null })])
    const records = read()
    await expect.poll(() => records.length, { timeout: 20_000 }).toBe(2)
    expect(records).toEqual([
      { key: 'key', value: 'value' },
      { key: 'key', value: undefined },
    ])
  })

  it('fails a record that the broker finds too large, and not those in requests before and after it', async () => {
    const { send, read, topics } = await useProducer()
    await send('key', 'before')
    await expect(send('key', TOO_LARGE)).rejects.toMatchObject({
      code: 'BROKER_UNAVAILABLE',
      message: expect.stringContaining(topics[0]!),
    })
    await send('key', 'after')
    const records = read()
    await expect.poll(() => records.length, { timeout: 20_000 }).toBe(2)
    expect(records.map(({ value }) => value)).toEqual(['before', 'after'])
  })

  it('fails no record but the one that is too large, of those sent at the same moment', async () => {
    const { send, topics } = await useProducer(2)
    const [same, other, large] = await Promise.allSettled([
      send('key', 'small'),
      send('key', 'small', topics[1]),
      send('key', TOO_LARGE),
    ])
    expect(codeOf(large as PromiseRejectedResult)).toBe('BROKER_UNAVAILABLE')
    expect([same.status, other.status]).toEqual(['fulfilled', 'fulfilled'])
  })

  it('writes records at the same moment, each of which the broker takes', async () => {
    const { send } = await useProducer()
    await Promise.all([send('key', 'x'.repeat(700_000)), send('key', 'x'.repeat(700_000))])
  })
})
