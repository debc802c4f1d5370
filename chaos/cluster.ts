import { Kafka, logLevel } from 'kafkajs'
import { type Broker, startBroker } from '../src/broker/index.ts'
import { sleep } from '../src/sleep.ts'

const IN_SYNC_MS_MAX = 60_000
const HEAP_MIB = 640

/** Three real brokers, of which at most one is down at a time. */
export const startCluster = async (onProgress: (line: string) => void) => {
  const broker: Broker = await startBroker({ nodes: 3, heapMib: HEAP_MIB, onProgress })
  const admin = new Kafka({ brokers: broker.brokers, logLevel: logLevel.NOTHING }).admin()

  const laggingPartitions = async (): Promise<number> => {
    const { topics } = await admin.fetchTopicMetadata()
    return topics
      .flatMap(({ partitions }) => partitions)
      .filter(({ isr, replicas }) => isr.length < replicas.length).length
  }

  /** Waits until every partition has all its replicas in sync again. @throws when that takes too long */
  const inSync = async (): Promise<void> => {
    const limit = Date.now() + IN_SYNC_MS_MAX
    let lagging: number | string = 'unknown'
    while (Date.now() < limit) {
      lagging = await laggingPartitions().catch((error: Error) => error.message)
      if (lagging === 0) return
      await sleep(250)
    }
    throw new Error(
      `The brokers are not in sync after ${IN_SYNC_MS_MAX / 1000} s: ${lagging} partitions behind.`,
    )
  }

  const nodeOf = (id: number) => broker.nodes.find((node) => node.id === id)!

  await admin.connect()
  return {
    brokers: broker.brokers,
    kill: async (id: number, downMs: number): Promise<void> => {
      await nodeOf(id).kill()
      await sleep(downMs)
      await nodeOf(id).start()
      await inSync()
    },
    restart: async (id: number, downMs: number): Promise<void> => {
      await nodeOf(id).stop()
      await sleep(downMs)
      await nodeOf(id).start()
      await inSync()
    },
    inSync,
    stop: async (): Promise<void> => {
      await admin.disconnect().catch(() => {})
      await broker.stop()
    },
  }
}

export type ChaosCluster = Awaited<ReturnType<typeof startCluster>>
