import { type WorkerInput, workerConfig } from '../config.ts'
import { createConnection } from '../connection.ts'
import { type Logger, stderrLogger } from '../logger.ts'
import type { AgentRegistry } from './agents.ts'
import { createWorkerOn } from './command-worker.ts'
import type { Worker } from './contract.ts'

export interface WorkerOptions extends WorkerInput {
  /** The agents that it executes, by id: an object, or a function that gives those of the moment. */
  agents?: AgentRegistry
  /** @default warnings and errors on standard error */
  logger?: Logger
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
