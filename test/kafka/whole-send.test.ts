import { createRequire } from 'node:module'
import type { Message, Producer, RecordMetadata } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { WholeSend } from '../../src/kafka/whole-send.ts'

const require = createRequire(import.meta.url)
const createSendMessages = require('kafkajs/src/producer/sendMessages')
const { KafkaJSProtocolError } = require('kafkajs/src/errors')
const createRetry = require('kafkajs/src/retry')

/** kafkajs's own sending on a cluster of two brokers: the second refuses, and its partition moves to the first. */
const useCluster = (whole: WholeSend, { refusals = 1 } = {}) => {
  const stored: string[] = []
  const leaders = new Map([
    [0, 1],
    [1, 2],
  ])
  let refused = 0
  const brokerOf = (nodeId: number) => ({
    nodeId,
    produce: async ({
      topicData,
    }: {
      topicData: { partitions: { partition: number; messages: Message[] }[] }[]
    }) => {
      const partitions = topicData.flatMap((topic) => topic.partitions)
      if (nodeId === 2 && refused < refusals) {
        refused += 1
        leaders.set(1, 1)
        throw new KafkaJSProtocolError({
          type: 'NOT_LEADER_FOR_PARTITION',
          code: 6,
          retriable: true,
          message: 'moved',
        })
      }
      for (const { messages } of partitions) stored.push(...messages.map(({ value }) => String(value)))
      const answers = partitions.map(({ partition }) => ({ partition, errorCode: 0, baseOffset: '0' }))
      return { topics: [{ topicName: 't', partitions: answers }] }
    },
  })
  const brokers = new Map([1, 2].map((nodeId) => [nodeId, brokerOf(nodeId)]))
  const cluster = {
    addMultipleTargetTopics: async () => {},
    refreshMetadataIfNecessary: async () => {},
    refreshMetadata: async () => {},
    isConnected: () => true,
    targetTopics: new Set(['t']),
    findTopicPartitionMetadata: () =>
      [...leaders].map(([partitionId, leader]) => ({ partitionId, leader, replicas: [], isr: [] })),
    findLeaderForPartitions: (_topic: string, partitions: string[]) =>
      Object.groupBy(partitions.map(Number), (partition) => String(leaders.get(partition))),
    findBroker: async ({ nodeId }: { nodeId: string }) => brokers.get(Number(nodeId)),
  }
  const eosManager = {
    acquireBrokerLock: async () => {},
    releaseBrokerLock: async () => {},
    isTransactional: () => false,
    getSequence: () => 0,
    updateSequence: () => {},
    getProducerId: () => -1,
    getProducerEpoch: () => 0,
  }
  const logger = { debug: () => {}, info: () => {}, error: () => {}, warn: () => {} }
  const sendMessages = createSendMessages({
    logger,
    cluster,
    eosManager,
    partitioner: whole.createPartitioner(),
    retrier: createRetry({ initialRetryTime: 1, maxRetryTime: 2, retries: 5 }),
  })
  const producer = {
    send: ({ topic, acks, messages }: { topic: string; acks: number; messages: Message[] }) =>
      sendMessages({ acks, topicMessages: [{ topic, messages }] }) as Promise<RecordMetadata[]>,
  } as Pick<Producer, 'send'>
  return { producer, stored }
}

/** Some for each partition. */
const messages = (): Message[] =>
  Array.from({ length: 20 }, (_, at) => ({ key: `key-${at}`, value: `${at}` }))
const ALL = messages().map(({ value }) => String(value))

describe('a batch whose partition moves to a leader that has answered for another one', () => {
  it('is not sent whole by kafkajs, which says nothing', async () => {
    const { producer, stored } = useCluster(new WholeSend())
    await producer.send({ topic: 't', acks: -1, messages: messages() })
    expect(stored.length).toBeGreaterThan(0)
    expect(stored.length).toBeLessThan(ALL.length)
  })

  it('is sent whole, each record once', async () => {
    const whole = new WholeSend()
    const { producer, stored } = useCluster(whole)
    await whole.send(producer, { topic: 't', acks: -1, messages: messages() })
    expect(stored.toSorted()).toEqual(ALL.toSorted())
  })

  it('fails where some records are never acknowledged', async () => {
    const whole = new WholeSend()
    const partitioner = whole.createPartitioner()
    const partitionMetadata = [{ partitionId: 0 }, { partitionId: 1 }] as never
    const deaf = {
      send: async ({ messages: sent }: { messages: Message[] }) => {
        for (const message of sent) partitioner({ topic: 't', partitionMetadata, message })
        return [{ topicName: 't', partition: 0, errorCode: 0 }]
      },
    } as unknown as Pick<Producer, 'send'>
    const sending = whole.send(deaf, { topic: 't', acks: -1, messages: messages() })
    await expect(sending).rejects.toThrow('not acknowledged')
  })
})
