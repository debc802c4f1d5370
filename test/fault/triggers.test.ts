import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { sleep } from '../../src/sleep.ts'
import { parseTriggerFile } from '../../src/triggers/trigger-file.ts'
import { createTriggers } from '../../src/triggers/triggers.ts'
import { useBroker } from '../broker/support.ts'
import { quiet } from '../support/quiet.ts'
import { commandsOf, recordsOf, sizeOf, untilCommitted, useSource } from '../triggers/source.ts'

it('go on where they were when the brokers come back', { timeout: 90_000 }, async () => {
  const broker = await useBroker()
  const prefix = `test-${randomUUID().slice(0, 8)}`
  const source = await useSource({ brokers: broker.brokers, prefix })
  const triggers = await source.start([source.basic])
  await source.send(...recordsOf(100, 10))
  await expect.poll(() => triggers.counts.records, { timeout: 10_000 }).toBe(100)
  await broker.nodes[0]?.kill()
  await sleep(3_000)
  await broker.nodes[0]?.start()
  await expect
    .poll(() => source.send(...recordsOf(100, 10, 100)).then(() => true), { timeout: 30_000 })
    .toBe(true)
  expect(await untilCommitted(source.admin, source.groupId, source.topic)).toBeGreaterThanOrEqual(200)
  expect(await sizeOf(source.admin, commandsOf(prefix))).toBeGreaterThanOrEqual(200)
})

it('wait for brokers that are not there, tell so, and can be stopped meanwhile', async () => {
  const warnings: string[] = []
  const text = JSON.stringify({
    triggers: [{ id: 'a', topic: 'nowhere', agent: 'x', threadId: 'key', message: 'key' }],
  })
  const triggers = createTriggers({
    config: { kafka: { brokers: ['127.0.0.1:1'] } },
    file: await parseTriggerFile('t.json', text),
    onError: (error) => {
      throw error
    },
    logger: { ...quiet, warn: (message: string) => warnings.push(message) },
  })
  const started = triggers.start()
  await expect.poll(() => warnings.length, { timeout: 15_000 }).toBeGreaterThan(1)
  expect(warnings[0]).toBe('Starting the triggers failed, and is tried again')
  await triggers.stop()
  await started
  await triggers.stop()
})
