import { metadataV12 } from '@platformatic/kafka'
import type { KafkaOptions } from '../config.ts'
import { messageOf, RunnerError } from '../errors.ts'
import { Cluster } from './cluster.ts'
import { answerOf } from './protocol-error.ts'

/** What offsets belong to: a topic that was deleted and created again has another id. */
export interface TopicIdentity {
  clusterId: string
  /** By topic; none of one that is not there. */
  topicIds: Record<string, string>
}

/** @throws RunnerError BROKER_UNAVAILABLE */
export const topicIdentity = async (kafka: KafkaOptions, topics: string[]): Promise<TopicIdentity> => {
  const cluster = new Cluster(kafka)
  try {
    const connection = await cluster.anyBroker()
    const answer = await answerOf(metadataV12.api.async(connection, topics, false, false))
    const found = answer.topics.filter(({ errorCode }) => errorCode === 0)
    return {
      clusterId: answer.clusterId ?? '',
      topicIds: Object.fromEntries(found.map(({ name, topicId }) => [name ?? '', topicId])),
    }
  } catch (error) {
    if (error instanceof RunnerError) throw error
    throw new RunnerError('BROKER_UNAVAILABLE', `Asking for the topics' ids failed: ${messageOf(error)}.`, {
      cause: error,
    })
  } finally {
    await cluster.close()
  }
}
