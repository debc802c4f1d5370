import { subscribe } from 'node:diagnostics_channel'

/** How many Produce and Fetch requests this process's Kafka client has sent for thread logs. */
const sent = { produce: 0, fetch: 0 }
const PRODUCE = 0
const FETCH = 1

subscribe('tracing:plt:kafka:connections:api:start', (message) => {
  const { apiKey } = message as { apiKey?: number }
  if (apiKey === PRODUCE) sent.produce += 1
  if (apiKey === FETCH) sent.fetch += 1
})

export const requestsSent = (): { produce: number; fetch: number } => ({ ...sent })
