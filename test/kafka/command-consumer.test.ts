import { randomUUID } from 'node:crypto'
import kafkajs, { logLevel } from 'kafkajs'
import { expect, inject, it, onTestFinished } from 'vitest'
import { clientConfig } from '../../src/config.ts'
import { createCommandConsumer } from '../../src/kafka/command-consumer.ts'
import { ensureSharedTopics } from '../../src/kafka/shared-topics.ts'
import { quiet } from '../support/quiet.ts'
import { committedOf } from '../support/topic.ts'

it('says that nothing was committed while its member is not in the group, where kafkajs says nothing', async () => {
  const brokers = inject('kafkaBrokers')
  const { kafka } = clientConfig({ kafka: { brokers } })
  const topic = `commands-${randomUUID()}`
  await ensureSharedTopics(kafka, [{ name: topic, partitions: 1, config: {} }])
  const delivered = Promise.withResolvers<void>()
  const tooEarly = Promise.withResolvers<void>()
  const consumer = createCommandConsumer(kafka, {
    topic,
    groupId: topic,
    sessionTimeoutMs: 6_000,
    onCommand: async () => delivered.resolve(),
    // It has joined, and kafkajs does not commit yet.
    onAssigned: () =>
      queueMicrotask(() => void consumer.commit(0, 1).then(tooEarly.resolve, tooEarly.reject)),
    logger: quiet,
  })
  onTestFinished(() => consumer.stop())
  const producer = new kafkajs.Kafka({ brokers, logLevel: logLevel.NOTHING }).producer()
  await producer.connect()
  onTestFinished(() => producer.disconnect())
  await producer.send({ topic, messages: [{ value: '1' }, { value: '2' }] })
  await Promise.all([consumer.start(), expect(tooEarly.promise).rejects.toThrow('not in its group')])
  await delivered.promise
  expect(await committedOf(brokers, topic, topic)).toBe(0)
  await consumer.commit(0, 1)
  expect(await committedOf(brokers, topic, topic)).toBe(1)
})
