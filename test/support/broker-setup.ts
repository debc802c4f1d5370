import type { TestProject } from 'vitest/node'
import { startBroker } from '../../src/broker/index.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    kafkaBrokers: string[]
  }
}

/** One real broker for the whole run of the tests; KAFKA_BROKERS names another to use instead. */
export default async ({ provide }: TestProject) => {
  const existing = process.env.KAFKA_BROKERS
  if (existing !== undefined) {
    provide('kafkaBrokers', existing.split(','))
    return undefined
  }
  const broker = await startBroker({ onProgress: (line) => process.stderr.write(`${line}\n`) })
  provide('kafkaBrokers', broker.brokers)
  return () => broker.stop()
}
