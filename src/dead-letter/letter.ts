import { LIMITS } from '../config.ts'
import type { RunnerError } from '../errors.ts'
import type { ConsumedRecord } from '../kafka/consumed-record.ts'
import type { ProducerRecord } from '../kafka/producer.ts'

const KEY_CHARACTERS_MAX = 1_000

/** The prefix of what a dead letter has in headers beside those that the record had. */
export const OURS = 'dead-letter-'

/**
 * A record that could not be dealt with, for the topic of the dead letters: whole, as received, with the reason in
 * headers. `more`: what else is to be told, by header's name without the prefix.
 */
export const letterOf = (
  topic: string,
  source: ConsumedRecord,
  { code, message }: Pick<RunnerError, 'code' | 'message'>,
  more: Record<string, string> = {},
): ProducerRecord => {
  const { key = '', value, headers } = source
  const place = `${source.topic}/${source.partition}/${source.offset}`
  const told = named({ code, reason: message, source: place, ...more })
  const bytes = sizeOf(key) + sizeOf(JSON.stringify(headers)) + (value?.length ?? 0)
  if (bytes <= LIMITS.recordBytesMax) return { topic, key, value, headers: { ...headers, ...told } }
  // A topic of others may take larger records than ours does; refused, it would stop its consumer for ever.
  const left = named({ 'left-out': `${bytes} bytes, which stand in the source` })
  return { topic, key: key.slice(0, KEY_CHARACTERS_MAX), value: null, headers: { ...told, ...left } }
}

const named = (told: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(told).map(([name, text]) => [OURS + name, text]))

const sizeOf = (text: string): number => Buffer.byteLength(text)
