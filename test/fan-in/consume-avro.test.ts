import { expect, it, onTestFinished } from 'vitest'
import { consumeRuns } from '../../src/fan-in/consume-runs.ts'
import type { RunFact } from '../../src/fan-in/run-fact.ts'
import { createRegistryFormat } from '../../src/schema/registry-format.ts'
import { endInParts, factOf, until, useRunsTopic } from '../support/facts.ts'
import { useKafka } from '../support/kafka.ts'
import { quiet } from '../support/quiet.ts'
import { registerSchemas } from '../support/registered.ts'
import { useSharedRegistry } from '../support/shared-registry.ts'
import { useTopic } from '../support/topic.ts'

const registry = useSharedRegistry()

it('consumeRuns reads Avro and JSON mixed, and says that it needs the registry where it has none', async () => {
  const { brokers, prefix } = useKafka()
  await registerSchemas(registry.url, prefix)
  const topic = await useRunsTopic({ brokers, prefix })
  const avro = createRegistryFormat({ url: registry.url }, prefix)
  await avro.start()
  await topic.tell([factOf('t', 'failed', 1, { code: 'X' })])
  // An id that the registry has never given.
  await topic.write('t', Buffer.from([0, 127, 0, 0, 1, 2, 3]), { 'content-type': 'application/avro' })
  await topic.tell([factOf('t', 'stopped', 2, { cause: 'stop' }), ...endInParts('t', 3, 3)], undefined, avro)

  const common = { kafka: { brokers }, prefix, logger: quiet }
  const runs: RunFact[] = []
  const consuming = await consumeRuns({
    ...common,
    groupId: `${prefix}.with`,
    schemaRegistry: { url: registry.url },
    onRun: (run) => void runs.push(run),
  })
  onTestFinished(() => consuming.stop())
  await until(() => runs.length === 3)
  expect(runs).toMatchObject([
    { fact: 'failed', code: 'X' },
    { fact: 'stopped', cause: 'stop' },
    { fact: 'finished', events: [0, 1, 2].map((part) => ({ event: { name: `part-${part}` } })) },
  ])
  const letters = useTopic(brokers, topic.deadLetters)
  await until(() => letters.records.length === 1)
  expect(letters.headers[0]?.['dead-letter-reason']).toContain('schema 2130706433')

  const without = await consumeRuns({ ...common, groupId: `${prefix}.without`, onRun: () => {} })
  onTestFinished(() => without.stop())
  await expect(without.done).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('SCHEMA_REGISTRY_URL'),
  })
})
