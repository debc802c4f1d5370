import { randomInt } from 'node:crypto'
import type { Logger } from '../logger.ts'
import { sleep } from '../sleep.ts'
import { attempt, type Outcome } from './attempt.ts'
import type { WebhookMessage } from './message.ts'
import type { Sign } from './signature.ts'
import type { WebhookEndpoint } from './webhook-file.ts'

/** How the attempts for a fact ended. */
export type Delivered =
  | { what: 'taken' }
  | { what: 'gone' }
  | { what: 'failed'; reason: string; attempts: number }
  /** The signal aborted before they were over. */
  | { what: 'broken off' }

export interface DeliveryOptions {
  endpoint: WebhookEndpoint
  sign: Sign
  logger: Logger
  signal: AbortSignal
}

/** Posts a fact until the endpoint takes it, says that it never will, or the attempts are used up. Never rejects. */
export const deliver = async (message: WebhookMessage, options: DeliveryOptions): Promise<Delivered> => {
  const { endpoint, sign, logger, signal } = options
  for (let attempts = 1; ; attempts += 1) {
    // An attempt that is under way is not broken off: the endpoint may have taken it.
    const outcome = await attempt(endpoint.url, message.body, sign(message, new Date()), endpoint.timeoutMs)
    if (outcome.what !== 'failed') return outcome
    const { reason, again } = outcome
    if (!again || attempts >= endpoint.attemptsMax) return { what: 'failed', reason, attempts }
    const pauseMs = pauseFor(endpoint, attempts, outcome)
    logger.info('A webhook is tried again', { endpoint: endpoint.id, webhookId: message.id, reason, pauseMs })
    await sleep(pauseMs, signal)
    if (signal.aborted) return { what: 'broken off' }
  }
}

/** Chance spreads what failed at the same moment. */
const pauseFor = (
  { backoffMs, backoffMsMax, retryAfterMsMax }: WebhookEndpoint,
  attempts: number,
  { afterMs = 0 }: Extract<Outcome, { what: 'failed' }>,
): number => {
  const longest = Math.min(backoffMs * 2 ** (attempts - 1), backoffMsMax)
  const pause = randomInt(Math.floor(longest / 2), longest + 1)
  return Math.max(pause, Math.min(afterMs, retryAfterMsMax))
}
