import { onTestFinished } from 'vitest'
import { clientConfig } from '../../src/config.ts'
import { cloudEventHeaders } from '../../src/fan-in/cloud-event.ts'
import { type Fact, parseRunFact, type RunFact } from '../../src/fan-in/run-fact.ts'
import { createProducer } from '../../src/kafka/producer.ts'
import { ensureSharedTopics } from '../../src/kafka/shared-topics.ts'
import { jsonFormat, type RecordFormat } from '../../src/schema/record-format.ts'
import { sharedTopics } from '../../src/topics.ts'

const PARTITIONS = 3

/** A fact as a worker would tell it. */
export const factOf = (
  threadId: string,
  fact: Fact,
  run: number | string,
  more: Partial<RunFact> = {},
): RunFact => {
  const commandId = `command-${run}`
  const isEnd = !['accepted', 'started', 'rejected'].includes(fact)
  return parseRunFact({
    version: 1,
    id: `${commandId}/${isEnd ? 'ended' : fact}`,
    fact,
    threadId,
    runId: `run-${run}`,
    commandId,
    agentId: 'agent',
    workerId: 'worker',
    time: 1_700_000_000_000,
    ...more,
  })
}

/** An end in parts, each of about so many bytes. */
export const endInParts = (threadId: string, run: number | string, parts: number, bytes = 10): RunFact[] =>
  Array.from({ length: parts }, (_, part) =>
    factOf(threadId, 'finished', run, {
      part,
      parts,
      events: [
        {
          seq: part + 1,
          count: 1,
          type: 'CUSTOM',
          event: { type: 'CUSTOM', name: `part-${part}`, value: 'x'.repeat(bytes) } as never,
        },
      ],
    }),
  )

/** Tells facts by hand, without a worker. */
export const useRunsTopic = async ({ brokers, prefix }: { brokers: string[]; prefix: string }) => {
  const { kafka } = clientConfig({ kafka: { brokers } })
  const topics = sharedTopics(prefix, PARTITIONS)
  await ensureSharedTopics(kafka, [topics.runs, topics.deadLetter])
  const producer = createProducer(kafka, { acks: -1 })
  onTestFinished(() => producer.close())
  const tell = async (
    facts: RunFact[],
    traceparent?: string,
    format: RecordFormat = jsonFormat,
  ): Promise<void> => {
    const sent = facts.map((fact) =>
      producer.send({
        topic: topics.runs.name,
        key: fact.threadId,
        value: format.encode('run-fact', fact),
        headers: cloudEventHeaders(prefix, fact, format.contentType, traceparent),
      }),
    )
    await Promise.all(sent)
  }
  return {
    topic: topics.runs.name,
    deadLetters: topics.deadLetter.name,
    tell,
    /** Anything under a thread's key. */
    write: (threadId: string, value: Buffer | null, headers: Record<string, string> = {}) =>
      producer.send({ topic: topics.runs.name, key: threadId, value, headers }),
  }
}

/** Waits for something to become true. */
export const until = async (what: () => boolean | Promise<boolean>, limitMs = 15_000): Promise<void> => {
  const from = performance.now()
  while (!(await what())) {
    if (performance.now() - from > limitMs) throw new Error(`it did not become true: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
