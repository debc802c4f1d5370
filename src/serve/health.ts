import express, { type Router } from 'express'
import { messageOf } from '../errors.ts'
import { HttpError } from '../http/http-error.ts'
import type { KafkaAgentRunner } from '../runner/kafka-agent-runner.ts'
import { type PoolStatus, withoutWorker } from '../runner/pool-status.ts'

/** Longer than any answer of brokers that are well. */
const PROBE_MS_MAX = 3_000

/** `/healthz`: this process lives. `/readyz`: a run would be taken now. */
export const createHealth = (runner: Pick<KafkaAgentRunner, 'status' | 'pools' | 'viewStatus'>): Router => {
  const router = express.Router()
  router.get('/healthz', (_request, response) => {
    response.json({ live: true })
  })
  const probe = createProbe(() => runner.status('readyz'))
  router.get('/readyz', async (_request, response) => {
    try {
      await probe()
      const view = runner.viewStatus()
      // Runs are taken with a list that lags, so it is told and no more.
      response.json({ ...readiness(await runner.pools()), ...(view && { view }) })
    } catch (error) {
      const code = error instanceof HttpError ? error.code : 'BROKER_UNAVAILABLE'
      response.status(503).json({ ready: false, error: code, message: messageOf(error) })
    }
  })
  return router
}

/**
 * Ready with any worker: a pool that has none is told, and its commands wait for one.
 * @throws HttpError NO_WORKER
 */
const readiness = (pools: PoolStatus[]) => {
  const workers = pools.reduce((sum, pool) => sum + pool.workers, 0)
  if (workers === 0) {
    throw new HttpError(503, 'NO_WORKER', 'No worker takes commands. Start one with "kar worker".')
  }
  const agents = pools.filter((pool) => pool.workers > 0).flatMap((pool) => pool.agents)
  const named = pools.filter(({ pool }) => pool !== undefined)
  const [without] = named.filter((pool) => pool.workers === 0)
  return {
    ready: true,
    workers,
    agents: [...new Set(agents)],
    ...(named.length > 0 && { pools: named }),
    ...(without !== undefined && { message: withoutWorker(without) }),
  }
}

/** A real question to the brokers, of which one is under way at a time however many ask. */
const createProbe = (ask: () => Promise<unknown>): (() => Promise<void>) => {
  let asking: Promise<unknown> | undefined
  return async () => {
    asking ??= ask().finally(() => {
      asking = undefined
    })
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(
      () => late.reject(new Error(`The brokers did not answer within ${PROBE_MS_MAX / 1000} s.`)),
      PROBE_MS_MAX,
    )
    try {
      await Promise.race([asking, late.promise])
    } finally {
      clearTimeout(timer)
    }
  }
}
