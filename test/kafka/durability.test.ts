import { expect, it, onTestFinished } from 'vitest'
import { startBroker } from '../../src/broker/index.ts'
import { sleep } from '../../src/sleep.ts'
import { follow, record, useLogIo } from '../support/log-io.ts'

it('acknowledges nothing that too few replicas have, and shows it to nobody', {
  timeout: 90_000,
}, async () => {
  const cluster = await startBroker({ nodes: 3 })
  onTestFinished(() => cluster.stop())
  const io = useLogIo({ brokers: cluster.brokers, appendTimeoutMs: 5_000 })
  await io.cluster.createTopic(io.topic, { 'min.insync.replicas': '3' })
  const reader = follow(io.tail, io.topic)
  await io.appender.append(io.topic, () => [record('before')])

  const victim = cluster.nodes[2]!
  await victim.kill()
  await expect(io.appender.append(io.topic, () => [record('while')])).rejects.toMatchObject({
    code: 'APPEND_FAILED',
  })
  expect(reader.records.map(({ key }) => key)).toEqual(['before'])

  await victim.start()
  const patient = useLogIo({ brokers: cluster.brokers, appendTimeoutMs: 60_000 })
  await patient.appender.append(io.topic, () => [record('after')])
  while (!reader.records.some(({ key }) => key === 'after')) await sleep(20)
  // What failed may have landed; what was acknowledged is there, in order.
  const keys = reader.records.map(({ key }) => key).filter((key) => !key.startsWith('while'))
  expect(keys).toEqual(['before', 'after'])
})
