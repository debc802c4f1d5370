import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startBroker } from '../../src/broker/index.ts'
import {
  BROKER_TEST_MS_MAX,
  caught,
  consume,
  createTopic,
  isGone,
  produce,
  until,
  useBroker,
  useDir,
} from './support.ts'

test(
  'two brokers side by side do not see each other, and a temporary one leaves nothing',
  async () => {
    const one = await useBroker()
    const two = await useBroker()
    await createTopic(one.brokers, 'thread', 1)
    await createTopic(two.brokers, 'thread', 1)
    await produce(one.brokers, 'thread', ['a', 'b'])
    await produce(two.brokers, 'thread', ['x'])
    expect(await consume(one.brokers, 'thread', 2)).toEqual(['a', 'b'])
    expect(await consume(two.brokers, 'thread', 1)).toEqual(['x'])

    const pid = one.nodes[0]!.pid!
    expect(one.stop()).toBe(one.stop())
    await one.stop()
    expect(await isGone(pid)).toBe(true)
    expect(one.nodes[0]!.pid).toBeUndefined()
    expect(existsSync(one.dataDir)).toBe(false)
    expect((await caught(one.nodes[0]!.start())).code).toBe('BROKER_START_FAILED')
    expect(await consume(two.brokers, 'thread', 1)).toEqual(['x'])
  },
  BROKER_TEST_MS_MAX,
)

test(
  'one data folder: in use while it is, the same port and data after a restart, even a crash',
  async () => {
    const dataDir = await useDir()
    const first = await useBroker({ dataDir })
    await createTopic(first.brokers, 'thread', 1)
    await produce(first.brokers, 'thread', ['kept'])

    const inUse = await caught(startBroker({ dataDir }))
    expect(inUse.code).toBe('DATA_DIR_IN_USE')
    expect(inUse.message).toContain(dataDir)

    await first.nodes[0]!.kill()
    expect(first.nodes[0]!.pid).toBeUndefined()
    await first.nodes[0]!.start()
    await produce(first.brokers, 'thread', ['after the crash'])
    await first.stop()

    const second = await useBroker({ dataDir })
    expect(second.brokers).toEqual(first.brokers)
    expect(await consume(second.brokers, 'thread', 2)).toEqual(['kept', 'after the crash'])
    await second.stop()

    // The remembered port is taken now, and nobody insists on it.
    const port = Number(first.brokers[0]!.split(':')[1])
    const squatter = createServer().listen(port, '127.0.0.1')
    try {
      const insisted = await caught(startBroker({ dataDir, port }))
      expect(insisted.code).toBe('PORT_TAKEN')
      expect(insisted.message).toContain(String(port))
      const third = await useBroker({ dataDir })
      expect(third.brokers).not.toEqual(first.brokers)
      expect(await consume(third.brokers, 'thread', 2)).toEqual(['kept', 'after the crash'])
      await third.stop()
    } finally {
      squatter.close()
    }

    const meta = join(dataDir, 'node-1', 'data', 'meta.properties')
    const sound = await readFile(meta, 'utf8')
    await writeFile(meta, sound.slice(0, 20))
    const damaged = await caught(startBroker({ dataDir }))
    expect(damaged.code).toBe('DATA_DIR_DAMAGED')
    expect(damaged.message).toContain('meta.properties')
  },
  BROKER_TEST_MS_MAX,
)

test(
  'a broker that cannot start says what Kafka said',
  async () => {
    const error = await caught(startBroker({ properties: { 'num.io.threads': 'many' } }))
    expect(error.code).toBe('BROKER_START_FAILED')
    expect(error.message).toContain('many')
    expect(error.message).toContain('num.io.threads')
  },
  BROKER_TEST_MS_MAX,
)

// In this file rather than its own, so that its three JVMs do not start while others do.
test(
  'three nodes: acknowledged records survive the kill of one, which comes back and carries its share',
  async () => {
    const { brokers, nodes } = await useBroker({ nodes: 3 })
    await createTopic(brokers, 'thread', 3)
    await produce(brokers, 'thread', ['before'])

    const [first, second, third] = nodes
    await first!.kill()
    expect(first!.pid).toBeUndefined()
    await produce([second!.broker, third!.broker], 'thread', ['during'])

    await first!.start()
    expect(first!.broker).toBe(brokers[0])
    // It serves, but is in sync only a moment later; with min.insync.replicas=2 the next loss waits for that.
    await until(() => produces([first!.broker, third!.broker], () => second!.kill()), 20_000)
    // A try that was not acknowledged may still have landed, so "after" may be there more than once.
    const values = await consume([first!.broker, third!.broker], 'thread', 3)
    expect([...new Set(values)]).toEqual(['before', 'during', 'after'])
  },
  BROKER_TEST_MS_MAX,
)

async function produces(brokers: string[], before: () => Promise<void>): Promise<boolean> {
  await before()
  return produce(brokers, 'thread', ['after']).then(
    () => true,
    () => false,
  )
}
