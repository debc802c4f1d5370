import type { RunnerError } from '../errors.ts'
import type { CommandRecord } from '../kafka/command-consumer.ts'
import type { ProducerRecord } from '../kafka/producer.ts'

/** A record that could not be dealt with, for the dead letters: whole, as received, with the reason in headers. */
export const deadLetterOf = (
  topic: string,
  { topic: from, partition, offset, key, value, headers }: CommandRecord,
  { code, message }: Pick<RunnerError, 'code' | 'message'>,
  more: Record<string, string> = {},
): ProducerRecord => ({
  topic,
  key: key ?? '',
  value,
  headers: {
    ...headers,
    'dead-letter-code': code,
    'dead-letter-reason': message,
    'dead-letter-source': `${from}/${partition}/${offset}`,
    ...more,
  },
})
