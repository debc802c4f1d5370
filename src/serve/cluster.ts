import { startBroker } from '../broker/index.ts'
import { brokerDirOf } from './data-dir.ts'
import { announceBroker, findRunningBroker, type RunningBroker } from './running-broker.ts'

/** The brokers that a server uses, and what it has to do about them at its end. */
export interface ServedCluster {
  brokers: string[]
  kind: 'named' | 'found' | 'embedded'
  /** Of a found one. */
  running?: RunningBroker
  /** Stops the broker if it is ours. Idempotent. */
  stop(): Promise<void>
  /** Ends it at once if it is ours. */
  kill(): void
}

export interface EmbeddedRequest {
  dataDir: string
  cacheDir?: string
  port?: number
  nodes?: number
  /** What other processes are to use on it. */
  announce?: Pick<RunningBroker, 'prefix' | 'commandPartitions'>
  onProgress: (line: string) => void
}

/** Named brokers, else an embedded one that runs in the data folder, else one of our own. */
export const findCluster = async (
  named: string[] | undefined,
  request: EmbeddedRequest,
): Promise<ServedCluster> => {
  const nothing = { stop: async () => {}, kill: () => {} }
  if (named !== undefined) return { brokers: named, kind: 'named', ...nothing }
  const running = await findRunningBroker(request.dataDir)
  if (running !== undefined) return { brokers: running.brokers, kind: 'found', running, ...nothing }
  return startEmbedded(request)
}

/** @throws RunnerError of docs/errors.md, "The embedded broker" */
export const startEmbedded = async (request: EmbeddedRequest): Promise<ServedCluster> => {
  const { dataDir, announce, ...options } = request
  const broker = await startBroker({ dataDir: brokerDirOf(dataDir), ...options })
  const takeBack = await announceBroker(dataDir, { brokers: broker.brokers, ...announce })
  return {
    brokers: broker.brokers,
    kind: 'embedded',
    stop: async () => {
      await takeBack()
      await broker.stop()
    },
    kill: () => {
      for (const node of broker.nodes) void node.kill()
    },
  }
}
