import type { Connection } from '../connection.ts'
import { letterOf } from '../dead-letter/letter.ts'
import type { RunnerError } from '../errors.ts'
import type { ConsumedRecord } from '../kafka/consumed-record.ts'

/** Keeps a command that could not be decoded, routed or answered: whole, with the reason in headers. */
export const sendDeadLetter = async (
  { logger, producer, topics }: Connection,
  source: ConsumedRecord,
  error: RunnerError,
): Promise<void> => {
  const { topic, partition, offset } = source
  logger.warn('A command went to the dead letters', {
    code: error.code,
    reason: error.message,
    topic,
    partition,
    offset,
  })
  await producer.send(letterOf(topics.deadLetter.name, source, error))
}
