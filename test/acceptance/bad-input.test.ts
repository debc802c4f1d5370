import kafkajs, { type IHeaders, logLevel, Partitioners } from 'kafkajs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { KafkaAgentRunner } from '../../src/index.ts'
import { sharedTopics, threadTopic } from '../../src/topics.ts'
import { ScriptedAgent, talker, talkOf } from '../support/agents.ts'
import { collect, inputFor, textOf } from '../support/events.ts'
import { useKafka } from '../support/kafka.ts'

const agents = { talker: new ScriptedAgent(talker(3), 'talker') }
const agent = agents.talker

const produce = async (
  brokers: string[],
  topic: string,
  messages: { key: string | null; value: string | Buffer; headers?: IHeaders }[],
) => {
  const producer = new kafkajs.Kafka({ brokers, logLevel: logLevel.NOTHING }).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  await producer.send({ topic, messages })
  await producer.disconnect()
}

/** The first `count` records of a topic, with their headers as text. */
const consume = async (brokers: string[], topic: string, count: number) => {
  const consumer = new kafkajs.Kafka({ brokers, logLevel: logLevel.NOTHING }).consumer({
    groupId: `test-${topic}`,
  })
  onTestFinished(() => consumer.disconnect())
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const records: { value: string; code: string; reason: string }[] = []
  const done = Promise.withResolvers<void>()
  await consumer.run({
    eachMessage: async ({ message: { value, headers } }) => {
      records.push({
        value: String(value),
        code: String(headers?.['dead-letter-code']),
        reason: String(headers?.['dead-letter-reason']),
      })
      if (records.length === count) done.resolve()
    },
  })
  await done.promise
  return records
}

describe('bad input', () => {
  it('sends undecodable and unroutable commands to the dead letters, whole, and goes on', async () => {
    const kafka = useKafka()
    await kafka.worker({ agents, logger: SILENT })
    const runner = kafka.runner()
    await runner.start()
    const topics = sharedTopics(kafka.prefix, 3)
    const command = { version: 1, commandId: 'c', threadId: 't', agentId: 'talker', time: 0 }
    const bad = [
      { key: 't', value: 'no json' },
      { key: 't', value: JSON.stringify({ ...command, input: undefined }) },
      { key: 't', value: JSON.stringify({ ...command, threadId: undefined, input: inputFor('t') }) },
      { key: 'other', value: JSON.stringify({ ...command, input: inputFor('t') }) },
      { key: 't', value: JSON.stringify({ ...command, agentId: 'nobody', input: inputFor('t') }) },
    ]
    await produce(kafka.brokers, topics.commands.name, bad)
    const letters = await consume(kafka.brokers, topics.deadLetter.name, bad.length)
    expect(letters.map(({ value }) => value).sort()).toEqual(bad.map(({ value }) => value).sort())
    expect(letters.map(({ code }) => code).sort()).toEqual([
      ...Array(4).fill('COMMAND_UNDECODABLE'),
      'UNKNOWN_AGENT',
    ])
    expect(letters.map(({ reason }) => reason).join('\n')).toContain('threadId')
    expect(textOf(await collect(runner.run({ threadId: 't', agent, input: inputFor('t') })))).toBe(talkOf(3))
  })

  it('answers a run of an agent that no worker knows with UNKNOWN_AGENT', async () => {
    const kafka = useKafka()
    await kafka.worker({ agents, logger: SILENT })
    const nobody = new ScriptedAgent(talker(1), 'nobody')
    const events = await collect(kafka.runner().run({ threadId: 't', agent: nobody, input: inputFor('t') }))
    expect(events).toMatchObject([{ type: 'RUN_ERROR', code: 'UNKNOWN_AGENT' }])
    expect(JSON.stringify(events)).toContain('agents.yaml')
  })

  it('answers an input that is no RunAgentInput with INPUT_INVALID', async () => {
    const runner = useKafka().runner()
    const input = { ...inputFor('t'), messages: 'none' } as never
    expect(await collect(runner.run({ threadId: 't', agent, input }))).toMatchObject([
      { type: 'RUN_ERROR', code: 'INPUT_INVALID', message: expect.stringContaining('messages') },
    ])
  })

  it('skips poisoned records in a thread log, counts and logs them, and reads the rest', async () => {
    const kafka = useKafka()
    const warnings: string[] = []
    const logger = { ...SILENT, warn: (message: string) => warnings.push(message) }
    await kafka.worker({ agents, logger: SILENT })
    const runner = kafka.runner({ logger })
    await collect(runner.run({ threadId: 't', agent, input: inputFor('t') }))
    await produce(kafka.brokers, threadTopic(kafka.prefix, 't'), [
      { key: 'foreign-1', value: Buffer.from([0, 1, 2, 255]) },
      { key: 'foreign-2', value: '{"valid":"json"}', headers: { kind: 'event' } },
      { key: 'foreign-3', value: '[]', headers: { kind: 'claim' } },
    ])
    await collect(runner.run({ threadId: 't', agent, input: inputFor('t') }))
    expect(textOf(await collect(runner.connect({ threadId: 't' })))).toBe(talkOf(3) + talkOf(3))
    expect(await runner.status('t')).toMatchObject({ foreign: 3 })
    expect(warnings.filter((message) => message.includes('not ours')).length).toBeGreaterThanOrEqual(3)
  })

  it('names the setting of a topic that exists with another one, and changes nothing', async () => {
    const kafka = useKafka()
    const admin = new kafkajs.Kafka({ brokers: kafka.brokers, logLevel: logLevel.NOTHING }).admin()
    onTestFinished(() => admin.disconnect())
    const topic = `${kafka.prefix}.threads`
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] })
    await expect(kafka.runner().start()).rejects.toMatchObject({
      code: 'TOPIC_MISMATCH',
      message: expect.stringMatching(/threads" exists with cleanup\.policy=delete, but compact/),
    })
    const elsewhere = useKafka()
    await elsewhere.runner().start()
    await expect(elsewhere.runner({ commandPartitions: 5 }).start()).rejects.toMatchObject({
      code: 'TOPIC_MISMATCH',
      message: expect.stringContaining('KAR_COMMAND_PARTITIONS=3'),
    })
  })

  it('says within a bounded time that no broker answers', async () => {
    const runner = new KafkaAgentRunner({
      kafka: { brokers: ['127.0.0.1:1'], connectTimeoutMs: 500 },
      worker: false,
      logger: SILENT,
    })
    onTestFinished(() => runner.close())
    const error = { code: 'BROKER_UNAVAILABLE', message: expect.stringContaining('127.0.0.1:1') }
    await expect(runner.start()).rejects.toMatchObject(error)
    expect(await collect(runner.run({ threadId: 't', agent, input: inputFor('t') }))).toMatchObject([
      { type: 'RUN_ERROR', ...error },
    ])
  })
})

const SILENT = { info: () => {}, warn: () => {}, error: () => {} }
