import { once } from 'node:events'
import { type FactConsumerInput, factConsumerConfig } from '../config.ts'
import { letterOf } from '../dead-letter/letter.ts'
import { RunnerError } from '../errors.ts'
import { createFactConsumer, type FactConsumer } from '../fan-in/fact-consumer.ts'
import type { Delivery } from '../fan-in/parts.ts'
import type { SharedProducer } from '../kafka/producer.ts'
import type { Logger } from '../logger.ts'
import type { RecordFormat } from '../schema/record-format.ts'
import { sharedTopics } from '../topics.ts'
import { type Delivered, deliver } from './delivery.ts'
import { messageFor } from './message.ts'
import { createSigner } from './signature.ts'
import type { WebhookEndpoint } from './webhook-file.ts'

export interface EndpointParts {
  endpoint: WebhookEndpoint
  consumer: Pick<FactConsumerInput, 'kafka' | 'schemaRegistry' | 'prefix' | 'sessionTimeoutMs'>
  /** Start of the consumer group's name. */
  groupId: string
  format: RecordFormat
  producer: Pick<SharedProducer, 'send'>
  logger: Logger
}

/** Beyond an attempt's own time. */
const STOP_MARGIN_MS = 5_000

/**
 * Posts facts to one endpoint. It has a consumer group of its own: one that is slow or away holds no other back, and
 * what it has taken is not posted to it again because another has not.
 */
export const createEndpoint = (parts: EndpointParts): FactConsumer => {
  const { endpoint, groupId, format, producer, logger } = parts
  const secrets = [endpoint.secret].flat()
  const sign = createSigner(secrets)
  const config = factConsumerConfig({
    ...parts.consumer,
    groupId: `${groupId}.${endpoint.id}`,
    fromBeginning: endpoint.fromBeginning,
    concurrency: endpoint.concurrency,
    stopTimeoutMs: endpoint.timeoutMs + STOP_MARGIN_MS,
  })
  const { deadLetter } = sharedTopics(config.prefix, 1)

  const post = async ({ fact, records }: Delivery, signal: AbortSignal): Promise<void> => {
    const message = messageFor(fact, {
      prefix: config.prefix,
      includeEvents: endpoint.includeEvents,
      traceparent: records[0]?.headers.ce_traceparent,
    })
    const delivered = await deliver(message, { endpoint, sign, logger, signal })
    if (delivered.what === 'taken') return
    if (delivered.what === 'failed') return bury({ fact, records }, delivered)
    if (delivered.what === 'gone') disable()
    if (!signal.aborted) await once(signal, 'abort')
    // Not handled: it is left uncommitted, and posted when the endpoint is started again.
    throw new Error(`endpoint "${endpoint.id}" takes nothing any more`)
  }

  const disable = (): void => {
    logger.warn('An endpoint answered 410 Gone and gets nothing until the next start', {
      endpoint: endpoint.id,
    })
    void consumer.stop()
  }

  const bury = async (
    { fact, records }: Delivery,
    { reason, attempts }: Extract<Delivered, { what: 'failed' }>,
  ): Promise<void> => {
    const tries = attempts === 1 ? '1 attempt' : `${attempts} attempts`
    const message = `Endpoint "${endpoint.id}" did not take it in ${tries}; the last: ${reason}`
    const error = new RunnerError('WEBHOOK_FAILED', message)
    const { threadId, id } = fact
    logger.warn('A webhook went to the dead letters', {
      endpoint: endpoint.id,
      threadId,
      id,
      attempts,
      reason,
    })
    await Promise.all(
      records.map((record) =>
        producer.send(letterOf(deadLetter.name, record, error, { endpoint: endpoint.id })),
      ),
    )
  }

  const consumer = createFactConsumer({
    config,
    format,
    producer,
    logger,
    wants: ({ fact, agentId }) =>
      endpoint.facts.includes(fact) && (endpoint.agents?.includes(agentId) ?? true),
    handle: post,
  })
  return consumer
}
