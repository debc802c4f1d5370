import { join } from 'node:path'
import type { LiveAgents } from '../agents/config/registry.ts'
import type { CommandLineConfig, RunnerConfig, ServerConfig } from '../config.ts'
import { KafkaAgentRunner } from '../runner/kafka-agent-runner.ts'
import { poolsOf } from '../worker/agents.ts'
import { agentsNews } from './agents-news.ts'
import { createApp } from './app.ts'
import { findCluster, type ServedCluster } from './cluster.ts'
import { createCopilotKit } from './copilotkit.ts'
import { type HttpServer, listen } from './http-server.ts'
import { openAgents } from './open-agents.ts'
import { startWithin } from './start-within.ts'
import { createWorkerPool, type WorkerPool } from './worker-pool.ts'

export interface ServeOptions {
  server: ServerConfig
  commandLine: CommandLineConfig
  /** Where the embedded broker has its data. */
  dataDir: string
  /** Brokers that the user named, instead of an embedded one. */
  named: string[] | undefined
  /** The runner's settings for the brokers that were found. */
  runnerConfig: (cluster?: ServedCluster) => RunnerConfig
  /** The environment of worker `index`, counted from 1, with the settings that it shares with the runner. */
  workerEnv: (config: RunnerConfig, index: number) => NodeJS.ProcessEnv
  /** For the placeholders of an agents file. */
  env: NodeJS.ProcessEnv
  /** How long workers may drain. */
  drainTimeoutMs: number
  onProgress: (line: string) => void
}

export interface Served {
  url: string
  cluster: ServedCluster
  prefix: string
  /** Process ids of the workers. */
  workerPids: number[]
  /** Agents of the workers that were started. */
  agentIds: string[]
  copilotKit: boolean
}

export interface Server {
  /** @throws RunnerError PORT_TAKEN, BROKER_UNAVAILABLE, AGENTS_MODULE_INVALID, CONFIG_INVALID, and those of the embedded broker */
  start(): Promise<Served>
  /** New requests are refused, workers drain, the broker goes last. Idempotent. */
  stop(): Promise<void>
  /** Ends the workers and the broker at once. */
  kill(): void
}

/** Under the data folder: the lists of threads, a file for each cluster and prefix. */
const VIEWS = 'views'
/** Past the drain: what a worker may take to leave. */
const LEAVE_MS_MAX = 15_000

/** Everything in one: broker, workers and the HTTP server. */
export const createServer = (options: ServeOptions): Server => {
  const { commandLine, onProgress } = options
  let http: HttpServer | undefined
  let cluster: ServedCluster | undefined
  let runner: KafkaAgentRunner | undefined
  let pool: WorkerPool | undefined
  let agents: LiveAgents | undefined
  let stopped: Promise<void> | undefined

  const start = async (): Promise<Served> => {
    http = await listen(options.server)
    agents = await openAgents(commandLine.agents, options.env)
    const { current } = agents
    const { prefix, commandPartitions } = options.runnerConfig()
    cluster = await findCluster(options.named, {
      dataDir: options.dataDir,
      cacheDir: commandLine.cacheDir,
      announce: { prefix, commandPartitions },
      onProgress,
    })
    const config = options.runnerConfig(cluster)
    const ownRunner = new KafkaAgentRunner({
      ...config,
      pools: { ...poolsOf(current()), ...config.pools },
      worker: false,
      view: commandLine.view && { folder: join(options.dataDir, VIEWS) },
    })
    runner = ownRunner
    await startWithin(() => ownRunner.start(), commandLine.brokerWaitMs)
    pool = createWorkerPool({
      count: commandLine.workers,
      env: (index) => options.workerEnv(config, index),
      onCrash: onProgress,
    })
    const [agentIds, copilotKit] = await Promise.all([pool.start(), createCopilotKit(runner, current)])
    agents.watch({ onChange: (change) => onProgress(agentsNews(change)) })
    const { forwardHeaders } = config
    http.serve(createApp({ runner, copilotKit, forwardHeaders, allowedOrigins: commandLine.allowedOrigins }))
    const { url } = http
    const workerPids = pool.pids
    return { url, cluster, prefix: config.prefix, workerPids, agentIds, copilotKit: copilotKit !== undefined }
  }

  const stop = async () => {
    agents?.stop()
    const closed = http?.stop()
    // Readers see their runs end while the workers drain.
    await pool?.stop(options.drainTimeoutMs + LEAVE_MS_MAX)
    http?.cut()
    await closed
    await runner?.close()
    await cluster?.stop()
  }
  return {
    start,
    stop: () => {
      stopped ??= stop()
      return stopped
    },
    kill: () => {
      pool?.kill()
      cluster?.kill()
    },
  }
}
