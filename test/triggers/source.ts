import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import kafkajs, { type Admin, logLevel, type Message } from 'kafkajs'
import { expect, onTestFinished } from 'vitest'
import { sharedTopics } from '../../src/topics.ts'
import { parseTriggerFile } from '../../src/triggers/trigger-file.ts'
import { createTriggers, type Triggers, type TriggersOptions } from '../../src/triggers/triggers.ts'
import { ScriptedAgent } from '../support/agents.ts'
import type { useKafka } from '../support/kafka.ts'
import { quiet } from '../support/quiet.ts'

type Kafka = ReturnType<typeof useKafka>

/** A topic of somebody else's, and triggers that read it. */
export const useSource = async ({ brokers, prefix }: Pick<Kafka, 'brokers' | 'prefix'>, partitions = 4) => {
  const topic = `${prefix}-source`
  const client = new kafkajs.Kafka({ brokers, logLevel: logLevel.NOTHING })
  const admin = client.admin()
  const producer = client.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
  await Promise.all([admin.connect(), producer.connect()])
  onTestFinished(async () => {
    await Promise.all([admin.disconnect(), producer.disconnect()])
  })
  await admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: false })
  // A new topic is not known at once, and asking for it fails until then.
  await expect
    .poll(() => admin.fetchTopicOffsets(topic).catch(() => []), { timeout: 10_000, interval: 20 })
    .toHaveLength(partitions)
  const basic = { id: 'basic', topic, agent: 'counting', threadId: 'key', message: '"Hello"' }
  const config = { kafka: { brokers }, prefix, commandPartitions: 3 }

  return {
    topic,
    basic,
    admin,
    groupId: `${prefix}.triggers`,
    send: (...messages: Message[]) => producer.send({ topic, messages }),
    /** As a process of the command line needs it. */
    file: async (...triggers: object[]): Promise<string> => {
      const folder = await mkdtemp(join(tmpdir(), 'kar-triggers-'))
      onTestFinished(() => rm(folder, { recursive: true, force: true }))
      const path = join(folder, 'triggers.json')
      await writeFile(path, JSON.stringify({ triggers }))
      return path
    },
    /** Started ones, in this process. */
    start: async (triggers: object[], options: Partial<TriggersOptions> = {}): Promise<Triggers> => {
      const file = await parseTriggerFile('t.json', JSON.stringify({ triggers }))
      const onError = (error: Error) => {
        throw error
      }
      const started = createTriggers({ config, file, onError, logger: quiet, ...options })
      onTestFinished(() => started.stop())
      await started.start()
      return started
    },
  }
}

/** N records over some keys, each of which is a thread. */
export const recordsOf = (count: number, keys: number, from = 0): Message[] =>
  Array.from({ length: count }, (_, index) => ({
    key: `thread-${(from + index) % keys}`,
    value: JSON.stringify({ number: from + index }),
  }))

/** An agent that does next to nothing, and how often each run was executed. */
export const counting = () => {
  const executed = new Map<string, number>()
  const agent = new ScriptedAgent(async function* ({ threadId, runId }) {
    executed.set(runId, (executed.get(runId) ?? 0) + 1)
    yield { type: 'RUN_STARTED', threadId, runId }
    yield { type: 'RUN_FINISHED', threadId, runId }
  }, 'counting')
  const doubles = (): string[] => [...executed].filter(([, times]) => times > 1).map(([runId]) => runId)
  return { agent, executed, doubles }
}

/** Until a group has committed a topic to its end; the number of its records. */
export const untilCommitted = async (admin: Admin, groupId: string, topic: string): Promise<number> => {
  const state = async () => {
    const [ends, [answer]] = await Promise.all([
      admin.fetchTopicOffsets(topic),
      admin.fetchOffsets({ groupId, topics: [topic] }),
    ])
    const end = ends.reduce((sum, { high }) => sum + Number(high), 0)
    const done = (answer?.partitions ?? []).reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0)
    return { end, done }
  }
  let last = { end: -1, done: 0 }
  await expect
    .poll(
      async () => {
        last = await state()
        return last.done
      },
      { timeout: 60_000, interval: 50 },
    )
    .toSatisfy(() => last.done === last.end)
  return last.end
}

/** How many records a topic holds. */
export const sizeOf = async (admin: Admin, topic: string): Promise<number> =>
  (await admin.fetchTopicOffsets(topic)).reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0)

export const commandsOf = (prefix: string): string => sharedTopics(prefix, 3).commands.name
export const deadLettersOf = (prefix: string): string => sharedTopics(prefix, 3).deadLetter.name
