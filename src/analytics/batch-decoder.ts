import type { ClientConfig } from '../config.ts'
import { formatFor } from '../connection.ts'
import { RunnerError } from '../errors.ts'
import { decodeFact } from '../fan-in/decode-fact.ts'
import type { RunFact } from '../fan-in/run-fact.ts'
import type { TopicRecord } from '../kafka/topic-reader.ts'
import type { Logger } from '../logger.ts'
import type { Placed } from './sink.ts'

/** A batch's facts. A record that is none is logged and skipped; what stands in the way of all of them ends the reading. */
export const createBatchDecoder = (config: ClientConfig, topic: string, logger: Logger) => {
  const format = formatFor(config)
  const factOf = async (record: TopicRecord): Promise<RunFact | undefined> => {
    try {
      return await decodeFact(format, record)
    } catch (error) {
      if (!(error instanceof RunnerError) || error.code !== 'FACT_UNDECODABLE') throw error
      const { partition, offset } = record
      logger.warn(`Skipped a record of ${topic} (partition ${partition}, offset ${offset}): ${error.message}`)
      return undefined
    }
  }
  return async (records: readonly TopicRecord[]): Promise<Placed[]> => {
    const placed: Placed[] = []
    for (const record of records) placed.push({ fact: await factOf(record), recorded: record.time })
    return placed
  }
}
