import type { ConsumerConfig } from 'kafkajs'

/** How often a member tells its group that it lives, at most. */
export const HEARTBEAT_MS = 1_000
const REBALANCE_MS_MAX = 15_000
/** Before a failure is worth a warning: the first group of a new cluster finds its coordinator still loading, once or twice. */
export const FAILURES_EXPECTED = 2

/** A member of a consumer group that outlives its brokers' restart. */
export const memberConfig = (groupId: string, sessionTimeoutMs: number): ConsumerConfig => ({
  groupId,
  sessionTimeout: sessionTimeoutMs,
  // A member learns of a rebalance by its next heartbeat, and all of them wait for the last one.
  heartbeatInterval: Math.min(HEARTBEAT_MS, Math.floor(sessionTimeoutMs / 3)),
  rebalanceTimeout: Math.max(sessionTimeoutMs, REBALANCE_MS_MAX),
  maxWaitTimeInMs: 250,
  allowAutoTopicCreation: false,
  // Without end.
  retry: { retries: 10, initialRetryTime: 50, maxRetryTime: 1_000, restartOnFailure: async () => true },
})
