import { type Connection, createTopicsV7, deleteTopicsV6 } from '@platformatic/kafka'
import { messageOf, RunnerError } from '../errors.ts'
import { answerOf, KAFKA, nameOf } from './protocol-error.ts'

export interface NewTopic {
  name: string
  config: Record<string, string>
  /** -1 is the brokers' default. */
  replicationFactor: number
  timeoutMs: number
}

/**
 * Asks for a topic of one partition. Its id; undefined when one of that name exists.
 * @throws RunnerError BROKER_UNAVAILABLE
 */
export const requestTopic = async (
  connection: Connection,
  { name, config, replicationFactor, timeoutMs }: NewTopic,
): Promise<string | undefined> => {
  const request = {
    name,
    numPartitions: 1,
    replicationFactor,
    assignments: [],
    configs: Object.entries(config).map(([key, value]) => ({ name: key, value })),
  }
  const answer = await answerOf(createTopicsV7.api.async(connection, [request], timeoutMs, false))
  const topic = answer.topics[0]
  if (topic === undefined || topic.errorCode === KAFKA.TOPIC_ALREADY_EXISTS) return undefined
  if (topic.errorCode === KAFKA.NONE) return topic.topicId
  throw new RunnerError(
    'BROKER_UNAVAILABLE',
    `Topic "${name}" could not be created: ${topic.errorMessage ?? nameOf(topic.errorCode)}.`,
  )
}

/**
 * Asks for the removal of a topic by its id, so that never another one of its name is hit. One that is gone
 * already is as good.
 * @throws RunnerError BROKER_UNAVAILABLE
 */
export const requestRemoval = async (
  connection: Connection,
  name: string,
  topicId: string,
  timeoutMs: number,
): Promise<void> => {
  const reason = await removalError(connection, topicId, timeoutMs)
  if (reason === undefined) return
  throw new RunnerError(
    'BROKER_UNAVAILABLE',
    `Topic "${name}" could not be deleted: ${reason}. Check that this client may delete topics (delete.topic.enable, ACLs).`,
  )
}

const removalError = async (
  connection: Connection,
  topicId: string,
  timeoutMs: number,
): Promise<string | undefined> => {
  try {
    const answer = await answerOf(deleteTopicsV6.api.async(connection, [{ name: null, topicId }], timeoutMs))
    const topic = answer.responses[0]
    const code = topic?.errorCode ?? KAFKA.NONE
    if (code === KAFKA.NONE || code === KAFKA.UNKNOWN_TOPIC_ID) return undefined
    return topic?.errorMessage ?? nameOf(code)
  } catch (error) {
    return messageOf(error)
  }
}
