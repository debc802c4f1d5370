import { type WorkerInput, workerConfig } from '../config.ts'
import { createConnection } from '../connection.ts'
import { type Logger, stderrLogger } from '../logger.ts'
import type { Agents } from './agents.ts'
import { createWorkerOn } from './command-worker.ts'

export interface WorkerOptions extends WorkerInput {
  /** The agents that it executes, by id. */
  agents?: Agents
  /** @default warnings and errors on standard error */
  logger?: Logger
}

export interface Worker {
  readonly workerId: string
  /**
   * Joins the command group. Resolves when it takes commands.
   * @throws RunnerError BROKER_UNAVAILABLE, TOPIC_MISMATCH
   */
  start(): Promise<void>
  /** Takes no new commands, lets runs go on for `drainTimeoutMs`, ends the rest. Idempotent. */
  stop(options?: { drainTimeoutMs?: number }): Promise<void>
}

/**
 * A worker of a consumer group: executes agents and appends their events to the thread logs.
 * @throws RunnerError CONFIG_INVALID
 */
export const createWorker = ({ agents = {}, logger = stderrLogger, ...input }: WorkerOptions): Worker => {
  const config = workerConfig(input)
  const connection = createConnection(config, logger)
  const worker = createWorkerOn({ connection, config, agents })
  return {
    workerId: worker.workerId,
    start: async () => {
      await connection.start()
      await worker.start()
    },
    stop: async (options) => {
      await worker.stop(options)
      await connection.close()
    },
  }
}
