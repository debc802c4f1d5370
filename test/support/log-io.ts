import { randomUUID } from 'node:crypto'
import { inject, onTestFinished } from 'vitest'
import { clientConfig, LIMITS } from '../../src/config.ts'
import { createAppender } from '../../src/kafka/appender.ts'
import { Cluster } from '../../src/kafka/cluster.ts'
import type { FetchedRecord } from '../../src/kafka/fetch.ts'
import type { FollowHandlers } from '../../src/kafka/follower.ts'
import { createTail } from '../../src/kafka/tail.ts'
import { sleep } from '../../src/sleep.ts'

/** The log's reader and writer without anything above them, and a topic name of one's own. */
export const useLogIo = ({ brokers = inject('kafkaBrokers'), appendTimeoutMs = 10_000 } = {}) => {
  const { kafka } = clientConfig({ kafka: { brokers } })
  const cluster = new Cluster(kafka)
  const appender = createAppender(cluster, { ...LIMITS, appendTimeoutMs })
  const tail = createTail(cluster, { readTimeoutMs: 10_000 })
  onTestFinished(async () => {
    await Promise.all([appender.close(), tail.close()])
    await cluster.close()
  })
  const topic = `log-io-${randomUUID()}`
  return { cluster, appender, tail, topic }
}

export const record = (key: string, value: string | null = key) => ({
  key,
  value: value === null ? null : Buffer.from(value),
  headers: { kind: 'test' },
})

/** Follows a topic into an array; `until` waits for a number of records. */
export const follow = (tail: ReturnType<typeof createTail>, topic: string, from = 0, topicId?: string) => {
  const records: FetchedRecord[] = []
  const errors: string[] = []
  const handlers: FollowHandlers = {
    onRecords: (more) => records.push(...more),
    onMissing: () => errors.push('missing'),
    onGone: () => errors.push('gone'),
    onError: ({ code }) => errors.push(code),
  }
  const following = tail.follow(topic, from, handlers, topicId)
  const until = async (count: number) => {
    for (let waited = 0; records.length < count && errors.length === 0 && waited < 1_000; waited += 1)
      await sleep(10)
  }
  return { records, errors, until, stop: following.stop }
}
