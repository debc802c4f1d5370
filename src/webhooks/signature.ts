import standardWebhooks from 'standardwebhooks'
import { CONTENT_TYPE, type WebhookMessage } from './message.ts'

/** Makes the headers of one attempt. The time is the attempt's: receivers refuse old ones, which may be replayed. */
export type Sign = (message: WebhookMessage, now: Date) => Record<string, string>

/** By Standard Webhooks: https://www.standardwebhooks.com. Of several secrets each makes a signature. */
export const createSigner = (secrets: string[]): Sign => {
  const webhooks = secrets.map((secret) => new standardWebhooks.Webhook(secret))
  return ({ id, body }, now) => ({
    'content-type': CONTENT_TYPE,
    'user-agent': 'kafka-agent-runner',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': webhooks.map((webhook) => webhook.sign(id, now, body)).join(' '),
  })
}
