import type { FactConsumerInput } from '../config.ts'
import { clientConfig } from '../config.ts'
import { formatFor } from '../connection.ts'
import { createProducer } from '../kafka/producer.ts'
import { type Logger, stderrLogger } from '../logger.ts'
import { createEndpoint } from './endpoint.ts'
import type { WebhookFile } from './webhook-file.ts'

export interface WebhooksOptions {
  file: WebhookFile
  connection: Pick<FactConsumerInput, 'kafka' | 'schemaRegistry' | 'prefix'>
  /** @default warnings and errors on standard error */
  logger?: Logger
}

export interface Webhooks {
  /** Resolves when every endpoint has joined its group. @throws RunnerError BROKER_UNAVAILABLE, READ_FAILED */
  start(): Promise<void>
  /** Finishes what is in flight, and commits. Idempotent; never rejects. */
  stop(): Promise<void>
  /** Resolves after `stop()`; rejects when an endpoint's consumer had to stop by itself, after which all have stopped. */
  done: Promise<void>
}

/** Posts facts about runs to the endpoints of a file: docs/webhooks.md. */
export const createWebhooks = ({ file, connection, logger = stderrLogger }: WebhooksOptions): Webhooks => {
  const { kafka, prefix, schemaRegistry } = clientConfig(connection)
  const producer = createProducer(kafka, { acks: -1 })
  const format = formatFor({ prefix, schemaRegistry })
  const groupId = file.groupId ?? `${prefix}.webhooks`
  const consumer = { kafka, prefix, schemaRegistry, sessionTimeoutMs: file.sessionTimeoutMs }
  const endpoints = file.endpoints.map((endpoint) =>
    createEndpoint({ endpoint, consumer, groupId, format, producer, logger }),
  )
  const done = Promise.withResolvers<void>()
  let stopped: Promise<void> | undefined

  const stop = (problem?: { error: unknown }): Promise<void> => {
    stopped ??= Promise.all(endpoints.map((endpoint) => endpoint.stop()))
      .then(() => producer.close())
      .then(() => (problem === undefined ? done.resolve() : done.reject(problem.error)))
    return stopped
  }
  // One that is gone only stops; one that fails ends all, so that somebody looks.
  for (const endpoint of endpoints) endpoint.done.catch((error) => void stop({ error }))
  void Promise.all(endpoints.map((endpoint) => endpoint.done)).then(
    () => stopped ?? logger.error('No endpoint is left that takes anything'),
    () => {},
  )

  return {
    start: async () => {
      await Promise.all(endpoints.map((endpoint) => endpoint.start()))
    },
    stop: () => stop(),
    done: done.promise,
  }
}
