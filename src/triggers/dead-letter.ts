import { LIMITS } from '../config.ts'
import type { RunnerError } from '../errors.ts'
import type { ProducerRecord } from '../kafka/producer.ts'
import type { SourceRecord } from '../kafka/source-consumer.ts'

const KEY_CHARACTERS_MAX = 1_000

/** The record of which a trigger could make no command: whole, with the reason in headers. */
export const deadLetterOf = (
  topic: string,
  triggerId: string,
  source: SourceRecord,
  { code, message }: Pick<RunnerError, 'code' | 'message'>,
): ProducerRecord => {
  const { key = '', value, headers } = source
  const reasons = {
    'dead-letter-code': code,
    'dead-letter-reason': message,
    'dead-letter-source': `${source.topic}/${source.partition}/${source.offset}`,
    'dead-letter-trigger': triggerId,
  }
  const bytes = sizeOf(key) + sizeOf(JSON.stringify(headers)) + (value?.length ?? 0)
  if (bytes <= LIMITS.recordBytesMax) return { topic, key, value, headers: { ...headers, ...reasons } }
  // Its own topic takes larger records than the dead letters' does, and it would stop the stream for ever.
  const left = `${bytes} bytes, which stand in the source`
  return {
    topic,
    key: key.slice(0, KEY_CHARACTERS_MAX),
    value: null,
    headers: { ...reasons, 'dead-letter-left-out': left },
  }
}

const sizeOf = (text: string): number => Buffer.byteLength(text)
