import kafkajs, { logLevel } from 'kafkajs'
import { expect, it, onTestFinished } from 'vitest'
import { sleep } from '../../src/sleep.ts'
import { useKafka } from '../support/kafka.ts'
import { quiet } from '../support/quiet.ts'
import { useTopic } from '../support/topic.ts'
import {
  commandsOf,
  counting,
  deadLettersOf,
  recordsOf,
  sizeOf,
  untilCommitted,
  useSource,
} from './source.ts'

it('runs agents for records, by several triggers of a topic, and commits what a filter refuses', async () => {
  const kafka = useKafka()
  const source = await useSource(kafka)
  const { agent, executed } = counting()
  await source.send(
    { key: 'a', value: '{"urgent":true}' },
    { key: 'b', value: '{"urgent":false}', headers: { tenant: 'acme' } },
    { key: null, value: '{"urgent":true}' },
  )
  const triggers = await source.start([
    { ...source.basic, filter: 'value.urgent' },
    { ...source.basic, id: 'audit', threadId: '"audit-" & (headers.tenant ? headers.tenant : "none")' },
  ])
  await kafka.worker({ agents: { counting: agent } })
  await expect.poll(() => executed.size, { timeout: 20_000 }).toBe(4)
  await untilCommitted(source.admin, source.groupId, source.topic)
  expect([...executed.keys()].map((id) => id.split('/')[0]).toSorted()).toEqual([
    'audit',
    'audit',
    'audit',
    'basic',
  ])
  // The record without a key has no thread.
  expect(triggers.counts).toEqual({ records: 3, commands: 4, refused: 1, deadLetters: 1 })
  const runner = kafka.runner()
  expect((await runner.status('audit-acme'))?.runs).toHaveLength(1)
  expect((await runner.status('audit-none'))?.runs).toHaveLength(2)
})

it('puts bad records among the dead letters with the reason, and goes on', async () => {
  const kafka = useKafka()
  const source = await useSource(kafka, 1)
  const { agent, executed } = counting()
  await source.send(
    { key: 'a', value: 'no JSON', headers: { tenant: 'acme' } },
    { key: 'b', value: '{"text":"good"}' },
    { key: null, value: '{"text":"no key"}' },
    { key: 'c', value: null },
    { key: 'd', value: '{"text":"last"}' },
  )
  const triggers = await source.start([{ ...source.basic, message: 'value.text' }])
  await kafka.worker({ agents: { counting: agent } })
  await expect.poll(() => [...executed.keys()], { timeout: 20_000 }).toHaveLength(2)
  expect(triggers.counts).toEqual({ records: 5, commands: 2, refused: 0, deadLetters: 3 })

  const letters: { value: string | undefined; headers: Record<string, string> }[] = []
  const consumer = new kafkajs.Kafka({ brokers: kafka.brokers, logLevel: logLevel.NOTHING }).consumer({
    groupId: `${kafka.prefix}-letters`,
    maxWaitTimeInMs: 50,
  })
  onTestFinished(() => consumer.disconnect())
  await consumer.connect()
  await consumer.subscribe({ topic: deadLettersOf(kafka.prefix), fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ message: { value, headers = {} } }) => {
      const texts = Object.entries(headers).map(([name, text]) => [name, String(text)])
      letters.push({ value: value?.toString(), headers: Object.fromEntries(texts) })
    },
  })
  await expect.poll(() => letters.length, { timeout: 20_000 }).toBe(3)
  expect(letters[0]).toEqual({
    value: 'no JSON',
    headers: {
      tenant: 'acme',
      'dead-letter-code': 'TRIGGER_FAILED',
      'dead-letter-reason': expect.stringContaining('cannot be decoded'),
      'dead-letter-source': `${source.topic}/0/0`,
      'dead-letter-trigger': 'basic',
    },
  })
  expect(letters[1]?.headers['dead-letter-reason']).toContain('threadId has to be a text')
  expect(letters[2]?.headers['dead-letter-reason']).toContain('message has to be a text')
})

it('starts no second run for records that come again: a restart, and offsets that are set back', async () => {
  const kafka = useKafka()
  const source = await useSource(kafka)
  const { agent, executed, doubles } = counting()
  await source.send(...recordsOf(100, 10))
  const first = await source.start([source.basic])
  await kafka.worker({ agents: { counting: agent } })
  await untilCommitted(source.admin, source.groupId, source.topic)
  await first.stop()
  await source.send(...recordsOf(20, 10, 100))
  const second = await source.start([source.basic])
  await untilCommitted(source.admin, source.groupId, source.topic)
  // Only what the first had not read.
  expect(second.counts.records).toBe(20)
  await second.stop()
  await source.admin.resetOffsets({ groupId: source.groupId, topic: source.topic, earliest: true })
  const third = await source.start([source.basic])
  await expect.poll(() => third.counts.records, { timeout: 20_000 }).toBe(120)
  await untilCommitted(source.admin, `${kafka.prefix}.workers`, commandsOf(kafka.prefix))

  expect(await sizeOf(source.admin, commandsOf(kafka.prefix))).toBe(240)
  expect(executed.size).toBe(120)
  expect(doubles()).toEqual([])
})

it('loses and doubles nothing when processes join and leave while records come', async () => {
  const kafka = useKafka()
  const source = await useSource(kafka)
  const { agent, executed, doubles } = counting()
  await kafka.worker({ agents: { counting: agent } })
  const one = await source.start([source.basic])
  let sent = 0
  const sendFor = async (ms: number) => {
    for (const until = performance.now() + ms; performance.now() < until; await sleep(20)) {
      await source.send(...recordsOf(10, 20, sent))
      sent += 10
    }
  }
  await sendFor(500)
  const joining = source.start([source.basic])
  await sendFor(1_500)
  const two = await joining
  await expect.poll(() => two.counts.records, { timeout: 10_000 }).toBeGreaterThan(0)
  await Promise.all([one.stop(), sendFor(1_500)])
  await untilCommitted(source.admin, source.groupId, source.topic)
  await expect.poll(() => executed.size, { timeout: 20_000 }).toBe(sent)
  expect(doubles()).toEqual([])
})

it('commits only what was acknowledged, and waits for brokers that do not take it', async () => {
  const kafka = useKafka()
  const source = await useSource(kafka, 1)
  const warnings: string[] = []
  const logger = { ...quiet, warn: (message: string) => warnings.push(message) }
  const triggers = await source.start([source.basic], { logger })
  // The brokers refuse every write to the topic.
  const allowBytes = (value: string) =>
    source.admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: kafkajs.ConfigResourceTypes.TOPIC,
          name: commandsOf(kafka.prefix),
          configEntries: [{ name: 'max.message.bytes', value }],
        },
      ],
    })
  await allowBytes('1')
  await source.send({ key: 'a', value: '{}' })
  await expect
    .poll(() => warnings, { timeout: 25_000 })
    .toContainEqual(expect.stringContaining('tried again'))
  const [committed] = await source.admin.fetchOffsets({ groupId: source.groupId, topics: [source.topic] })
  expect(Number(committed?.partitions[0]?.offset)).toBeLessThan(1)
  expect(triggers.counts.records).toBe(0)
  await allowBytes('1048588')
  await untilCommitted(source.admin, source.groupId, source.topic)
  expect(triggers.counts.commands).toBe(1)
  const { records } = useTopic(kafka.brokers, commandsOf(kafka.prefix))
  await expect.poll(() => records.map(({ key }) => key), { timeout: 10_000 }).toEqual(['a'])
})

it('says what is wrong before it reads: no such topic, and one that it writes to itself', async () => {
  const kafka = useKafka()
  const source = await useSource(kafka)
  await expect(source.start([{ ...source.basic, topic: `${source.topic}-typo` }])).rejects.toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('there is no topic'),
    }),
  )
  for (const topic of [
    commandsOf(kafka.prefix),
    `${commandsOf(kafka.prefix)}.gpu`,
    deadLettersOf(kafka.prefix),
  ])
    await expect(source.start([{ ...source.basic, topic }])).rejects.toThrow('never end')
  await expect(source.start([{ ...source.basic, format: 'avro' }])).rejects.toThrow('SCHEMA_REGISTRY_URL')
})
