import type { TestProject } from 'vitest/node'
import { startBroker } from '../../src/broker/index.ts'
import { startRegistry } from './registry.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    kafkaBrokers: string[]
    /** Of Confluent's API; undefined where only a broker was named: then those who need one start it. */
    registryUrl: string | undefined
  }
}

/**
 * One real broker and one real schema registry for the whole run of the tests; KAFKA_BROKERS and
 * TEST_REGISTRY_URL name others to use instead.
 */
export default async ({ provide }: TestProject) => {
  const existing = process.env.KAFKA_BROKERS
  if (existing !== undefined) {
    provide('kafkaBrokers', existing.split(','))
    provide('registryUrl', process.env.TEST_REGISTRY_URL)
    return undefined
  }
  const onProgress = (line: string) => void process.stderr.write(`${line}\n`)
  const [broker, registry] = await Promise.all([startBroker({ onProgress }), startRegistry()])
  provide('kafkaBrokers', broker.brokers)
  provide('registryUrl', registry.url)
  return async () => {
    await Promise.all([broker.stop(), registry.stop()])
  }
}
