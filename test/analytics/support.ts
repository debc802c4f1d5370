import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { generateThread, threadStarts } from '../../scripts/runs/generated-thread.ts'
import { createIngest, type IngestOptions } from '../../src/analytics/ingest.ts'
import { type Cell, rowsOf } from '../../src/analytics/query-rows.ts'
import { openTables } from '../../src/analytics/tables-reader.ts'
import { clientConfig } from '../../src/config.ts'
import { cloudEventHeaders } from '../../src/fan-in/cloud-event.ts'
import type { RunFact } from '../../src/fan-in/run-fact.ts'
import { createProducer } from '../../src/kafka/producer.ts'
import { ensureSharedTopics } from '../../src/kafka/shared-topics.ts'
import { jsonFormat, type RecordFormat } from '../../src/schema/record-format.ts'
import { sharedTopics } from '../../src/topics.ts'
import { randomFrom } from '../simulator/random.ts'
import { useKafka } from '../support/kafka.ts'
import { quiet } from '../support/quiet.ts'

/** A runs topic of one's own, and a folder for its tables. */
export const useRuns = async () => {
  const { brokers, prefix } = useKafka()
  const config = clientConfig({ kafka: { brokers }, prefix, commandPartitions: 3 })
  const topic = sharedTopics(prefix, 3).runs
  await ensureSharedTopics(config.kafka, [topic])
  const producer = createProducer(config.kafka, { acks: -1 })
  onTestFinished(() => producer.close())
  const folder = temporaryFolder()

  const publish = async (facts: readonly RunFact[], format: RecordFormat = jsonFormat): Promise<void> => {
    const sent = facts.map((fact) =>
      producer.send({
        topic: topic.name,
        key: fact.threadId,
        value: format.encode('run-fact', fact),
        headers: cloudEventHeaders(prefix, fact, format.contentType),
      }),
    )
    await Promise.all(sent)
  }
  const ingestWith = (options: Partial<IngestOptions> = {}) => {
    const ingest = createIngest({ config, folder, logger: quiet, ...options })
    onTestFinished(() => ingest.stop().catch(() => {}))
    return ingest
  }
  return {
    brokers,
    prefix,
    config,
    folder,
    publish,
    ingestWith,
    publishText: (text: string) => producer.send({ topic: topic.name, key: 'k', value: Buffer.from(text) }),
    /** Reads all that is there, and says what it added. */
    ingestOnce: async (options: Partial<IngestOptions> = {}) => {
      const ingest = ingestWith({ once: true, ...options })
      await ingest.start()
      await ingest.ended
      return ingest.added()
    },
  }
}

export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'kar-analytics-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** What threads of a seed told, in the order of the threads' beginnings. */
export const generatedFacts = (threads: number, seed = 1): RunFact[] => {
  const random = randomFrom(seed)
  return threadStarts(random, threads, 5, Date.UTC(2026, 10, 6)).flatMap((start, at) => [
    ...generateThread(random.fork(), `thread-${seed}-${at}`, start),
  ])
}

export const query = async (folder: string, sql: string): Promise<Record<string, Cell>[]> => {
  const tables = await openTables(folder)
  try {
    const { head, chunks } = rowsOf(await tables.query(sql))
    const rows: Record<string, Cell>[] = []
    for await (const chunk of chunks())
      rows.push(...chunk.map((row) => Object.fromEntries(head.map((name, at) => [name, row[at]!]))))
    return rows
  } finally {
    tables.close()
  }
}

export const tablesIn = async (folder: string) => ({
  runs: await query(folder, 'FROM runs ORDER BY command_id'),
  events: await query(folder, 'FROM events ORDER BY thread_id, seq'),
  messages: await query(folder, 'FROM messages ORDER BY thread_id, run_id, message_id'),
  tool_calls: await query(folder, 'FROM tool_calls ORDER BY thread_id, run_id, tool_call_id'),
})
