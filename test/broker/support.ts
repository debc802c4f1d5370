import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import kafkajs from 'kafkajs'
import { expect, onTestFinished } from 'vitest'
import { type Broker, type BrokerOptions, startBroker } from '../../src/broker/index.ts'
import { RunnerError } from '../../src/errors.ts'

// 3 s on an idle machine of two cores; 19 s were seen on one where other test suites ran too.
const READY_MS_MAX = 40_000

/** For tests with JVMs in them: a loaded machine must not fail them. */
export const BROKER_TEST_MS_MAX = 120_000

/** A broker that is stopped with its test. Logs how long it took to serve, and fails if that is absurd. */
export async function useBroker(options: BrokerOptions = {}): Promise<Broker> {
  const began = Date.now()
  const broker = await startBroker({ heapMib: 512, ...options })
  onTestFinished(() => broker.stop())
  const tookMs = Date.now() - began
  process.stdout.write(`broker: ${broker.nodes.length} node(s) ready after ${tookMs} ms\n`)
  expect(tookMs).toBeLessThan(READY_MS_MAX)
  return broker
}

export async function useDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'kar-test-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

/** Sets or (undefined) unsets environment variables until the test ends. */
export function useEnv(changes: Record<string, string | undefined>): void {
  const before = Object.fromEntries(Object.keys(changes).map((key) => [key, process.env[key]]))
  const apply = (values: Record<string, string | undefined>) => {
    for (const [key, value] of Object.entries(values)) {
      if (value === undefined) delete process.env[key]
      else process.env[key] = value
    }
  }
  apply(changes)
  onTestFinished(() => apply(before))
}

export async function caught(promise: Promise<unknown>): Promise<RunnerError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(RunnerError)
  return error as RunnerError
}

const clientOf = (brokers: string[]) =>
  new kafkajs.Kafka({ clientId: 'test', brokers, logLevel: kafkajs.logLevel.NOTHING })

export async function createTopic(brokers: string[], topic: string, replicas: number): Promise<void> {
  const admin = clientOf(brokers).admin()
  await admin.connect()
  try {
    await admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: replicas }] })
  } finally {
    await admin.disconnect()
  }
}

export async function produce(brokers: string[], topic: string, values: string[]): Promise<void> {
  const producer = clientOf(brokers).producer()
  await producer.connect()
  try {
    await producer.send({ topic, acks: -1, messages: values.map((value) => ({ value })) })
  } finally {
    await producer.disconnect()
  }
}

/** The first `count` values of the topic, read by a new group; fails after 15 s. */
export async function consume(brokers: string[], topic: string, count: number): Promise<string[]> {
  // kafkajs ends only after the fetch that it has in flight, 5 s by default.
  const consumer = clientOf(brokers).consumer({ groupId: `g-${Math.random()}`, maxWaitTimeInMs: 100 })
  const values: string[] = []
  await consumer.connect()
  try {
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({ eachMessage: async ({ message }) => void values.push(String(message.value)) })
    await until(() => values.length >= count, 15_000)
    return values
  } finally {
    await consumer.disconnect()
  }
}

export async function until(isSo: () => boolean | Promise<boolean>, withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`Not so within ${withinMs} ms: ${isSo}`)
    await sleep(50)
  }
}

/** A zombie counts as gone: in a container nobody may ever collect it. */
export async function isGone(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch {
    return true
  }
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return /\) Z /.test(stat)
}
