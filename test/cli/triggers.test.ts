import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { useKafka } from '../support/kafka.ts'
import { useSource } from '../triggers/source.ts'
import { cleanEnv, start, temporaryFolder } from './kar.ts'

const EXAMPLE = 'consumers/triggers.example.yaml'

it('kar triggers --check needs no brokers, and says which topics it would read', async () => {
  const kar = start(['triggers', '--config', EXAMPLE, '--check'])
  expect(await kar.ended, kar.stderr).toBe(0)
  expect(kar.stdout).toBe(
    'payment-failed  reads shop.payments\npayment-review  reads shop.payments\nalarm  reads plant.alarms\n',
  )
})

it('kar triggers names the file and the field that is wrong, and ends with 2', async () => {
  const path = join(temporaryFolder(), 'triggers.yaml')
  await writeFile(path, 'triggers:\n  - { id: a, topic: t, agentId: x, threadId: key, message: key }\n')
  const kar = start(['triggers', '--config', path])
  expect(await kar.ended).toBe(2)
  expect(kar.stderr).toMatch(/triggers\.yaml.*"agentId".*\[CONFIG_INVALID\]/)
})

it('kar triggers --try shows what records would become, and writes nothing; without, it runs until SIGTERM', async () => {
  const kafka = useKafka()
  const source = await useSource(kafka)
  await source.send(
    { key: 'a', value: '{"text":"first"}' },
    { key: 'a', value: '{"text":"second"}' },
    { key: 'b', value: '{"text":7}' },
  )
  const path = await source.file({ ...source.basic, message: 'value.text', filter: 'value.text != "second"' })
  const env = cleanEnv({
    KAFKA_BROKERS: kafka.brokers.join(),
    KAR_PREFIX: kafka.prefix,
    KAR_COMMAND_PARTITIONS: '3',
  })
  const tried = start(['triggers', '--config', path, '--try', '10'], env)
  expect(await tried.ended, tried.stderr).toBe(0)
  expect(tried.stdout.split('\n').filter(Boolean)).toHaveLength(3)
  expect(tried.stdout).toMatch(/\/0 {2}basic {2}agent counting, thread "a": "first"$/m)
  expect(tried.stdout).toMatch(/\/1 {2}basic {2}nothing: the filter refuses it$/m)
  expect(tried.stdout).toMatch(/a dead letter: .*message has to be a text.*\[TRIGGER_FAILED\]$/m)
  expect((await source.admin.listTopics()).filter((topic) => topic.startsWith(kafka.prefix))).toEqual([
    source.topic,
  ])

  const one = start(['triggers', '--config', path, '--try', '1', '--json'], env)
  expect(await one.ended, one.stderr).toBe(0)
  expect(JSON.parse(one.stdout)).toMatchObject({
    trigger: 'basic',
    source: expect.stringContaining(source.topic),
  })

  const running = start(['triggers', '--config', path], env)
  await running.until('Triggers read')
  await expect
    .poll(
      async () => {
        const [answer] = await source.admin.fetchOffsets({ groupId: source.groupId, topics: [source.topic] })
        return answer?.partitions.reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0)
      },
      { timeout: 20_000 },
    )
    .toBe(3)
  running.child.kill('SIGTERM')
  expect(await running.ended).toBe(0)
  expect(running.stderr).toContain('3 records: 1 commands, 1 refused by filters, 1 dead letters.')
})
