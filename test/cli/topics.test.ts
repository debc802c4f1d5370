import kafkajs, { logLevel } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { ScriptedAgent, talker } from '../support/agents.ts'
import { collect, inputFor } from '../support/events.ts'
import { useKafka } from '../support/kafka.ts'
import { cleanEnv, run } from './kar.ts'

const setTopic = async (brokers: string[], topic: string, name: string, value: string) => {
  const admin = new kafkajs.Kafka({ brokers, logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  const resource = { type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configEntries: [{ name, value }] }
  await admin.alterConfigs({ validateOnly: false, resources: [resource] })
  await admin.disconnect()
}

describe('kar topics', () => {
  it('shows sizes and counts, and exits with 1 where a setting is not what it should be', async () => {
    const kafka = useKafka()
    const { brokers, prefix } = kafka
    const runner = kafka.runner({ worker: true })
    for (const threadId of ['a', 'b'])
      await collect(runner.run({ threadId, agent: new ScriptedAgent(talker(3)), input: inputFor(threadId) }))
    const env = cleanEnv({
      KAFKA_BROKERS: brokers.join(','),
      KAR_PREFIX: prefix,
      KAR_COMMAND_PARTITIONS: '3',
    })
    const asWanted = await run(['topics', '--json'], env)
    expect([asWanted.code, asWanted.stderr]).toEqual([0, ''])
    const rows = new Map(JSON.parse(asWanted.stdout).map((row: { name: string }) => [row.name, row]))
    expect([...rows.keys()]).toEqual(
      ['commands', 'control', 'runs', 'threads', 'workers', 'dead-letter', 'thread.*'].map(
        (name) => `${prefix}.${name}`,
      ),
    )
    expect(rows.get(`${prefix}.commands`)).toMatchObject({
      topics: 1,
      partitions: 3,
      records: 2,
      differences: [],
    })
    // Each thread's start and end.
    expect(rows.get(`${prefix}.threads`)).toMatchObject({ partitions: 1, records: 4 })
    expect(rows.get(`${prefix}.thread.*`)).toMatchObject({
      topics: 2,
      partitions: 2,
      bytes: expect.any(Number),
    })
    for (const { bytes, records } of rows.values() as Iterable<{ bytes: number; records: number }>)
      expect(bytes > 0).toBe(records > 0)

    await setTopic(brokers, `${prefix}.thread.a`, 'cleanup.policy', 'delete')
    await setTopic(brokers, `${prefix}.runs`, 'retention.ms', '1000')
    const differs = await run(['topics'], { ...env, KAR_COMMAND_PARTITIONS: '4' })
    expect(differs.code).toBe(1)
    expect(differs.stdout).toMatch(/\.control +1 +1 +0 +0 B +as wanted\n/)
    expect(differs.stdout).toMatch(/\.commands +1 +3 +2 .* differs\n/)
    expect(differs.stdout).toContain(`${prefix}.commands has partitions=3, wanted is 4`)
    expect(differs.stdout).toContain(`${prefix}.runs has retention.ms=1000, wanted is 2592000000`)
    expect(differs.stdout).toContain(
      `${prefix}.thread.* has cleanup.policy=delete (1 topic), wanted is compact`,
    )
  })

  it('says which are missing, and creates none', async () => {
    const { brokers, prefix } = useKafka()
    const env = cleanEnv({ KAFKA_BROKERS: brokers.join(','), KAR_PREFIX: prefix })
    for (const _ of [1, 2]) {
      const { code, stdout } = await run(['topics'], env)
      expect([code, stdout]).toEqual([1, expect.stringContaining(`${prefix}.commands is missing.`)])
    }
  })
})

describe('kar workers', () => {
  it('shows the table of kar status', async () => {
    const kafka = useKafka()
    await kafka.worker({ agents: { talker: () => new ScriptedAgent(talker(1)) }, workerId: 'w-1' })
    const env = cleanEnv({
      KAFKA_BROKERS: kafka.brokers.join(','),
      KAR_PREFIX: kafka.prefix,
      KAR_COMMAND_PARTITIONS: '3',
    })
    const [workers, status, json] = await Promise.all([
      run(['workers'], env),
      run(['status'], env),
      run(['workers', '--json'], env),
    ])
    expect(workers).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/\nw-1 .* running +0 .* talker\n$/),
    })
    expect(workers.stdout).toBe(status.stdout)
    expect(JSON.parse(json.stdout)).toMatchObject({ workers: [{ workerId: 'w-1' }] })
  })
})
