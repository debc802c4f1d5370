import type { FetchedRecord } from '../kafka/fetch.ts'
import type { Reader } from '../reader.ts'
import { OURS } from './letter.ts'

/** A record that could not be dealt with, as it was received, with the reason. */
export interface DeadLetter {
  /** Of the dead letter itself: its number. */
  offset: number
  /** Milliseconds since 1970: when it was given up. */
  time: number
  code: string
  reason: string
  /** Where it was received, `topic/partition/offset`; empty where whoever wrote the letter did not say. */
  source: string
  key: string
  value: Buffer | null
  /** Those that it was received with. */
  headers: Record<string, string>
}

export const deadLetterFrom = ({ offset, time, key, value, headers }: FetchedRecord): DeadLetter => ({
  offset,
  time,
  code: headers[`${OURS}code`] ?? '',
  reason: headers[`${OURS}reason`] ?? '',
  source: headers[`${OURS}source`] ?? '',
  key,
  value,
  headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(OURS))),
})

/**
 * The dead letters that there are, the oldest first, page by page.
 * @throws RunnerError READ_FAILED
 */
export async function* deadLetters(
  { pages, topics }: Pick<Reader, 'pages' | 'topics'>,
  from = 0,
): AsyncGenerator<DeadLetter> {
  for await (const page of pages.read(topics.deadLetter.name, from))
    for (const record of page) yield deadLetterFrom(record)
}

/** One by its offset; undefined when there is none. */
export const deadLetterAt = async (
  reader: Pick<Reader, 'pages' | 'topics'>,
  offset: number,
): Promise<DeadLetter | undefined> => {
  for await (const letter of deadLetters(reader, offset)) return letter.offset === offset ? letter : undefined
  return undefined
}
