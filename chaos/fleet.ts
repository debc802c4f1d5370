import { join } from 'node:path'
import { sleep } from '../src/sleep.ts'
import { type KarProcess, startKar } from './kar-process.ts'

/** A worker process that ran, under an id of its own, and what was done to it. */
export interface WorkerLife {
  workerId: string
  slot: number
  /** Times in milliseconds since 1970. */
  readyAt?: number
  killedAt?: number
  drainedAt?: number
  frozen: { from: number; to: number }[]
}

interface Slot {
  process: KarProcess
  generation: number
  /** Up and not frozen, being killed or restarted. */
  well: boolean
}

interface WorkerSlot extends Slot {
  life: WorkerLife
}

interface ApiSlot extends Slot {
  url: string
}

export interface FleetOptions {
  workers: number
  apis: number
  env: NodeJS.ProcessEnv
  logDir: string
}

/** All that a worker may take to drain and leave. */
const LEAVE_MS_MAX = 60_000

/** The worker and API processes, by slot. A slot's next process has a new id or address. */
export const createFleet = ({ workers, apis, env, logDir }: FleetOptions) => {
  const workerSlots: WorkerSlot[] = []
  const apiSlots: ApiSlot[] = []
  const lives: WorkerLife[] = []

  const startWorker = async (slot: number, generation: number): Promise<WorkerSlot> => {
    const workerId = `worker-${slot}-${generation}`
    const life: WorkerLife = { workerId, slot, frozen: [] }
    lives.push(life)
    const process = startKar({
      args: ['worker'],
      env: { ...env, KAR_WORKER_ID: workerId },
      logFile: join(logDir, `${workerId}.log`),
      readyLine: /takes commands/,
    })
    const entry = { process, generation, well: false, life }
    workerSlots[slot] = entry
    await process.ready
    life.readyAt = Date.now()
    entry.well = true
    return entry
  }

  const startApi = async (slot: number, generation: number): Promise<ApiSlot> => {
    const process = startKar({
      args: ['serve', '--workers', '0'],
      env: { ...env, PORT: '0' },
      logFile: join(logDir, `api-${slot}-${generation}.log`),
      readyLine: /HTTP\s+(http:\S+)/,
    })
    const entry = { process, generation, well: false, url: '' }
    apiSlots[slot] = entry
    entry.url = await process.ready
    entry.well = true
    return entry
  }

  const end = async ({ process }: Slot, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    process.child.kill(signal)
    const timer = setTimeout(() => process.child.kill('SIGKILL'), LEAVE_MS_MAX)
    await process.gone
    clearTimeout(timer)
  }

  return {
    lives,
    start: async (): Promise<void> => {
      await Promise.all([
        ...Array.from({ length: workers }, (_, slot) => startWorker(slot, 1)),
        ...Array.from({ length: apis }, (_, slot) => startApi(slot, 1)),
      ])
    },
    /** Addresses of the API processes that are up. */
    urls: (): string[] => apiSlots.filter(({ well }) => well).map(({ url }) => url),
    /** Whether it is up, and another worker would be left. */
    canSpareWorker: (slot: number): boolean => canSpare(workerSlots, slot),
    canSpareApi: (slot: number): boolean => canSpare(apiSlots, slot),
    workerAt: (slot: number): WorkerLife => workerSlots[slot]!.life,
    killWorker: async (slot: number, downMs: number): Promise<void> => {
      const entry = workerSlots[slot]!
      entry.well = false
      entry.life.killedAt = Date.now()
      await end(entry, 'SIGKILL')
      await sleep(downMs)
      await startWorker(slot, entry.generation + 1)
    },
    freezeWorker: async (slot: number, frozenMs: number): Promise<void> => {
      const entry = workerSlots[slot]!
      entry.well = false
      const frozen = { from: Date.now(), to: Number.POSITIVE_INFINITY }
      entry.life.frozen.push(frozen)
      entry.process.child.kill('SIGSTOP')
      await sleep(frozenMs)
      entry.process.child.kill('SIGCONT')
      frozen.to = Date.now()
      entry.well = true
    },
    /** A new process is there before the old one has drained, as a rolling deploy has it. */
    drainWorker: async (slot: number): Promise<void> => {
      const entry = workerSlots[slot]!
      entry.well = false
      entry.life.drainedAt = Date.now()
      const drained = end(entry, 'SIGTERM')
      await Promise.all([drained, startWorker(slot, entry.generation + 1)])
    },
    endApi: async (slot: number, signal: 'SIGTERM' | 'SIGKILL', downMs: number): Promise<void> => {
      const entry = apiSlots[slot]!
      entry.well = false
      await end(entry, signal)
      await sleep(downMs)
      await startApi(slot, entry.generation + 1)
    },
    stopWorkers: async (): Promise<void> => {
      await Promise.all(
        workerSlots.map((entry) => {
          entry.life.drainedAt ??= Date.now()
          return end(entry, 'SIGTERM')
        }),
      )
    },
    kill: async (): Promise<void> => {
      await Promise.all([...workerSlots, ...apiSlots].map((entry) => end(entry, 'SIGKILL')))
    },
  }
}

const canSpare = (slots: Slot[], slot: number): boolean =>
  slots[slot]?.well === true && slots.some((other, index) => index !== slot && other.well)

export type Fleet = ReturnType<typeof createFleet>
