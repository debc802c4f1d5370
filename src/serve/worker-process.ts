import { type WorkerInput, workerConfig } from '../config.ts'
import { messageOf, RunnerError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import { agentsOfPool } from '../worker/agents.ts'
import { createWorker } from '../worker/worker.ts'
import { agentsNews } from './agents-news.ts'
import { openAgents } from './open-agents.ts'
import { onSignals } from './signals.ts'
import { startWithin } from './start-within.ts'
import type { WorkerNews } from './worker-news.ts'

export interface WorkerProcessOptions {
  worker: WorkerInput
  /** The file or the module with the agents; see `openAgents`. */
  agents?: string
  /** For the placeholders of an agents file. */
  env: NodeJS.ProcessEnv
  brokerWaitMs: number
  onReady?: (workerId: string, agentIds: string[]) => void
  onStopping?: (reason: string) => void
  /** The agents file has changed. */
  onAgents?: (news: string) => void
}

/** Past the drain: what stop() may take to say goodbye to brokers that do not answer. */
const GOODBYE_MS_MAX = 10_000
/** The starter was killed, and with it maybe the brokers. */
const ORPHAN_MS_MAX = 8_000

/**
 * A worker as a process: from its start until a signal, or the end of the process that started it, has made
 * it leave.
 * @throws RunnerError AGENTS_MODULE_INVALID, CONFIG_INVALID, BROKER_UNAVAILABLE, TOPIC_MISMATCH
 */
export const runWorkerProcess = async (options: WorkerProcessOptions): Promise<void> => {
  const parent = parentProcess()
  try {
    const agents = await openAgents(options.agents, options.env)
    const config = workerConfig(options.worker)
    const agentIds = Object.keys(agentsOfPool(agents.current(), config.pool))
    if (agentIds.length === 0) throw poolWithoutAgents(config.pool)
    const worker = createWorker({ ...config, agents: agents.current })
    agents.watch({
      onChange: (change) => options.onAgents?.(agentsNews(change)),
      // The server that started this worker tells what is wrong with the file, and once is enough.
      ...(parent !== undefined && { logger: quiet }),
    })
    const leaving = untilToldToLeave(config.drainTimeoutMs, options.onStopping)
    const started = startWithin(() => worker.start(), options.brokerWaitMs).then(() => undefined)
    const early = await Promise.race([started, leaving])
    if (early === undefined) {
      parent?.tell({ news: 'ready', workerId: worker.workerId, agentIds })
      options.onReady?.(worker.workerId, agentIds)
    }
    const { drainTimeoutMs, limitMs } = early ?? (await leaving)
    // What still holds on after that is cut: its runs are taken over by other workers.
    setTimeout(() => process.exit(1), limitMs).unref()
    agents.stop()
    await worker.stop({ drainTimeoutMs })
  } catch (error) {
    const code = error instanceof RunnerError ? error.code : undefined
    parent?.tell({ news: 'failed', code, message: messageOf(error) })
    throw error
  }
}

const quiet: Logger = { info: () => {}, warn: () => {}, error: () => {} }

const poolWithoutAgents = (pool: string | undefined): RunnerError =>
  new RunnerError(
    'CONFIG_INVALID',
    pool === undefined
      ? 'All agents name a pool, and this worker is in none. Start it with --pool (KAR_POOL).'
      : `No agent names the pool "${pool}" of this worker. Check KAR_POOL, or add "pool: '${pool}'" to an agent.`,
  )

interface Leave {
  drainTimeoutMs: number
  limitMs: number
}

const untilToldToLeave = (drainTimeoutMs: number, onStopping?: (reason: string) => void): Promise<Leave> =>
  new Promise((resolve) => {
    onSignals(
      (signal) => {
        onStopping?.(signal)
        resolve({ drainTimeoutMs, limitMs: drainTimeoutMs + GOODBYE_MS_MAX })
      },
      () => process.exit(130),
    )
    process.once('disconnect', () => resolve({ drainTimeoutMs: 0, limitMs: ORPHAN_MS_MAX }))
  })

/** The process that started this one and listens; undefined for one that a person or a system started. */
const parentProcess = () => {
  const send = process.send?.bind(process)
  if (send === undefined) return undefined
  return {
    tell: (news: WorkerNews) => {
      if (process.connected) send(news)
    },
  }
}
