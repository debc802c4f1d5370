import type { Kafka } from '../../src/connection.ts'
import { RunnerError } from '../../src/errors.ts'
import { createSimulatedAppender } from './appender.ts'
import type { CommandGroup } from './command-group.ts'
import type { Machine } from './machine.ts'
import { createSimulatedProducer } from './producer.ts'
import { type Site, waitForBrokers } from './site.ts'
import { createSimulatedTail } from './tail.ts'

export interface SimulatedKafkaOptions {
  appendTimeoutMs: number
  readTimeoutMs: number
  instant?: boolean
}

/** One process's clients of the simulated brokers. */
export const createSimulatedKafka = (
  site: Site,
  group: CommandGroup,
  machine: Machine,
  options: SimulatedKafkaOptions,
): Kafka => {
  const { scheduler, network, broker } = site
  const tail = createSimulatedTail(site, machine, options)
  const appender = createSimulatedAppender(site, machine, options.appendTimeoutMs)

  const producer = createSimulatedProducer(site, machine)

  /** One question to the brokers, answered at the moment it gets there. */
  const ask = <T>(question: () => T): Promise<T> => {
    if (options.instant) return Promise.resolve(question())
    const answered = Promise.withResolvers<T>()
    scheduler.later(network.hop(), () => {
      const wait = waitForBrokers(site)
      if (wait > 0) {
        const error = new RunnerError('BROKER_UNAVAILABLE', 'No broker answers in the simulation.')
        scheduler.later(Math.min(wait, 1_000), () => machine.enter(() => answered.reject(error)))
        return
      }
      const answer = question()
      scheduler.later(network.hop(), () => machine.enter(() => answered.resolve(answer)))
    })
    return answered.promise
  }

  return {
    cluster: {
      locate: (topic) =>
        ask(() =>
          broker.has(topic)
            ? {
                topicId: broker.partition(topic).topicId,
                served: true,
                leader: { host: 'simulated', port: 9092 },
              }
            : undefined,
        ),
      createTopic: (topic) => ask(() => broker.create(topic, 1)),
      deleteTopic: (topic, topicId) => ask(() => broker.remove(topic, topicId)),
    },
    appender,
    backlog: {
      topics: (prefix) => ask(() => broker.topics.filter((topic) => topic.startsWith(prefix))),
      of: ({ topic, key }) =>
        ask(() => {
          const partition = broker.partitionOf(topic, key)
          const { all } = broker.partition(topic, partition)
          return all.filter((record) => record.key === key && record.offset >= group.committed(partition))
        }),
    },
    tail,
    producer,
    beats: producer,
    consumeCommands: (consumer) => group.consumer(machine, consumer),
    ensureTopics: (topics) =>
      ask(() => {
        for (const { name, partitions } of topics) broker.create(name, partitions)
      }),
    close: async () => {
      await tail.close()
      await appender.close()
    },
  }
}
