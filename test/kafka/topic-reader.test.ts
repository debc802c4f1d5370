import { randomUUID } from 'node:crypto'
import kafkajs, { logLevel } from 'kafkajs'
import { expect, inject, it, onTestFinished } from 'vitest'
import { clientConfig } from '../../src/config.ts'
import type { RunnerError } from '../../src/errors.ts'
import { createTopicReader, type TopicBatch, type TopicReaderOptions } from '../../src/kafka/topic-reader.ts'

const brokers = inject('kafkaBrokers')
const { kafka } = clientConfig({ kafka: { brokers } })

const useTopic = async (partitions: number) => {
  const client = new kafkajs.Kafka({ brokers, logLevel: logLevel.NOTHING })
  const [admin, producer] = [client.admin(), client.producer()]
  await Promise.all([admin.connect(), producer.connect()])
  onTestFinished(() => Promise.all([admin.disconnect(), producer.disconnect()]).then(() => {}))
  const topic = randomUUID()
  await admin.createTopics({ topics: [{ topic, numPartitions: partitions }] })
  const write = (partition: number, ...values: string[]) =>
    producer.send({ topic, messages: values.map((value) => ({ key: 'k', value, partition })) })
  const forgetBefore = async (partition: number, offset: number) => {
    // kafkajs looks for the leader among the topics that it has met.
    await admin.fetchTopicOffsets(topic)
    await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] })
  }
  return { topic, write, forgetBefore }
}

const read = async (topic: string, from: [number, number][], more: Partial<TopicReaderOptions> = {}) => {
  const values: string[] = []
  const next = new Map(from)
  const caughtUp = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<RunnerError>()
  const reader = createTopicReader(kafka, {
    topic,
    from: next,
    onBatch: async ({ partition, records, nextOffset }: TopicBatch) => {
      for (const { value, offset } of records) values.push(`${partition}/${offset} ${value}`)
      next.set(partition, nextOffset)
    },
    onCaughtUp: caughtUp.resolve,
    onError: ended.resolve,
    ...more,
  })
  onTestFinished(() => reader.stop())
  await reader.start()
  return { values, next, caughtUp: caughtUp.promise, ended: ended.promise, reader }
}

it('reads every partition from its offset, says when it has caught up, and goes on', async () => {
  const { topic, write } = await useTopic(3)
  await write(0, 'a', 'b', 'c')
  await write(2, 'd')
  const { values, next, caughtUp } = await read(topic, [[0, 1]])
  await caughtUp
  expect(values.toSorted()).toEqual(['0/1 b', '0/2 c', '2/0 d'])
  await write(1, 'e')
  await expect.poll(() => values.length).toBe(4)
  expect([...next].toSorted()).toEqual([
    [0, 3],
    [1, 1],
    [2, 1],
  ])
})

it('goes on from what the topic still holds', async () => {
  const { topic, write, forgetBefore } = await useTopic(1)
  await write(0, 'a', 'b', 'c')
  await forgetBefore(0, 2)
  const { values, caughtUp } = await read(topic, [])
  await caughtUp
  expect(values).toEqual(['0/2 c'])
})

it('names a topic that ends before what was read of it, and one that is not there', async () => {
  const { topic } = await useTopic(1)
  const { ended } = await read(topic, [[0, 5]])
  expect(await ended).toMatchObject({
    code: 'LOG_DAMAGED',
    message: expect.stringContaining('before offset 5'),
  })
  await expect(read(randomUUID(), [])).rejects.toMatchObject({ code: 'READ_FAILED' })
})

it('ends with what its reader could not do, and reads no further', async () => {
  const { topic, write } = await useTopic(1)
  await write(0, 'a')
  const { ended } = await read(topic, [], { onBatch: () => Promise.reject(new Error('no disk')) })
  expect(await ended).toMatchObject({ code: 'READ_FAILED', message: expect.stringContaining('no disk') })
})

it('finishes the batch in hand when it is stopped, and stops twice', async () => {
  const { topic, write } = await useTopic(1)
  await write(0, 'a')
  const [begun, done] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let finished = false
  const { reader } = await read(topic, [], {
    onBatch: async () => {
      begun.resolve()
      await done.promise
      finished = true
    },
  })
  await begun.promise
  const stopping = [reader.stop(), reader.stop()]
  done.resolve()
  await Promise.all(stopping)
  expect(finished).toBe(true)
})
