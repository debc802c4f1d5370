import { Kafka, logLevel } from 'kafkajs'
import { sleep } from '../src/sleep.ts'
import type { Violation } from './oracle/evidence.ts'

const SETTLE_MS_MAX = 90_000

/**
 * Waits until the workers' group has committed all commands: each is then answered, and all that comes after.
 * Says what is left when that takes too long.
 */
export const settle = async (brokers: string[], prefix: string): Promise<Violation[]> => {
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin()
  const topic = `${prefix}.commands`
  await admin.connect()
  const left = async (): Promise<string[]> => {
    const ends = await admin.fetchTopicOffsets(topic)
    const [committed] = await admin.fetchOffsets({ groupId: `${prefix}.workers`, topics: [topic] })
    const committedOf = (partition: number) =>
      Math.max(0, Number(committed?.partitions.find((other) => other.partition === partition)?.offset ?? 0))
    return ends
      .filter(({ partition, high }) => Number(high) > committedOf(partition))
      .map(({ partition, high }) => `partition ${partition}: ${committedOf(partition)} of ${high}`)
  }
  try {
    const limit = Date.now() + SETTLE_MS_MAX
    for (;;) {
      const waiting = await left().catch((error: Error) => [error.message])
      if (waiting.length === 0) return []
      if (Date.now() > limit) {
        const what = `after ${SETTLE_MS_MAX / 1000} s of quiet, commands are not committed: ${waiting.join('; ')}`
        return [{ promise: '1 answered once', what }]
      }
      await sleep(500)
    }
  } finally {
    await admin.disconnect()
  }
}
