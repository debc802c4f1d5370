import type { TopicBatch } from '../kafka/topic-reader.ts'
import type { Logger } from '../logger.ts'

/** Tells, with the first batch of a partition, of records that are gone although nobody has read them. */
export const createGoneRecords = (topic: string, from: ReadonlyMap<number, number>, logger: Logger) => {
  const expected = new Map(from)
  return ({ partition, records, nextOffset }: TopicBatch): void => {
    const offset = expected.get(partition)
    if (offset === undefined) return
    expected.delete(partition)
    const gone = (records[0]?.offset ?? nextOffset) - offset
    if (gone > 0)
      logger.warn(
        `Partition ${partition} of ${topic} does not hold the next ${gone} records any more: its retention ended before they were read.`,
      )
  }
}
