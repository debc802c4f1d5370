import { type ChildProcess, spawn } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ERRORS, RunnerError } from '../errors.ts'
import { sleep } from '../sleep.ts'
import type { WorkerNews } from './worker-news.ts'

export interface WorkerPoolOptions {
  count: number
  /** Environment of worker `index`, counted from 1. */
  env: (index: number) => NodeJS.ProcessEnv
  /** Called when a worker ended that nobody stopped. */
  onCrash: (message: string) => void
}

export interface WorkerPool {
  /**
   * Resolves with the agents of the workers once all take commands.
   * @throws RunnerError what the first that failed told
   */
  start(): Promise<string[]>
  /** Lets all drain, and waits for their end; those that take longer are killed. Idempotent. */
  stop(limitMs: number): Promise<void>
  /** Ends all at once. */
  kill(): void
  readonly pids: number[]
}

/** The command line, whose `worker` they run: TypeScript in a checkout, JavaScript in `dist`. */
const MAIN_FILE = fileURLToPath(new URL(`../cli/main${extname(import.meta.filename)}`, import.meta.url))

const RESTARTS_MAX = 5
const RESTARTS_WINDOW_MS = 60_000
const PAUSE_MS_MIN = 500
const PAUSE_MS_MAX = 10_000

/** Worker processes that are started again when they crash, and never outlive this process. */
export const createWorkerPool = (options: WorkerPoolOptions): WorkerPool => {
  const stopping = new AbortController()
  const children = new Map<number, ChildProcess>()

  const spawnWorker = (index: number): ChildProcess => {
    const child = spawn(process.execPath, [MAIN_FILE, 'worker'], {
      env: options.env(index),
      // The channel is the life line: when this process dies, however, its end tells the worker to leave.
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // A session of its own: Ctrl-C in the terminal reaches only us, and we tell the worker to drain.
      detached: true,
    })
    children.set(index, child)
    return child
  }

  /** Keeps one worker running; resolves with its agents when it is ready for the first time. */
  const keep = async (index: number): Promise<string[]> => {
    const first = watch(spawnWorker(index))
    const agentIds = await first.ready
    void restart(index, first.gone)
    return agentIds
  }

  const restart = async (index: number, ended: Promise<string>): Promise<void> => {
    const crashes: number[] = []
    for (let gone = ended; ; ) {
      const how = await gone
      children.delete(index)
      if (stopping.signal.aborted) return
      const now = performance.now()
      crashes.push(now)
      while ((crashes[0] ?? now) < now - RESTARTS_WINDOW_MS) crashes.shift()
      if (crashes.length > RESTARTS_MAX) {
        options.onCrash(
          `Worker ${index} ${how}, for the ${crashes.length}th time in a minute. It is left out.`,
        )
        return
      }
      const pauseMs = Math.min(PAUSE_MS_MIN * 2 ** (crashes.length - 1), PAUSE_MS_MAX)
      options.onCrash(`Worker ${index} ${how}. It is started again in ${pauseMs / 1000} s.`)
      await sleep(pauseMs, stopping.signal)
      if (stopping.signal.aborted) return
      const next = watch(spawnWorker(index))
      next.ready.catch((error: Error) => options.onCrash(`Worker ${index} did not start: ${error.message}`))
      gone = next.gone
    }
  }

  const pids = () => [...children.values()].flatMap(({ pid }) => (pid === undefined ? [] : [pid]))
  return {
    start: async () => {
      const indices = Array.from({ length: options.count }, (_, index) => index + 1)
      const agentIds = await Promise.all(indices.map(keep))
      return [...new Set(agentIds.flat())]
    },
    stop: async (limitMs) => {
      stopping.abort()
      const gone = [...children.values()].map((child) => endOf(child))
      for (const child of children.values()) child.kill('SIGTERM')
      const timer = setTimeout(() => {
        for (const child of children.values()) child.kill('SIGKILL')
      }, limitMs)
      await Promise.all(gone)
      clearTimeout(timer)
    },
    kill: () => {
      stopping.abort()
      for (const child of children.values()) child.kill('SIGKILL')
    },
    get pids() {
      return pids()
    },
  }
}

const watch = (child: ChildProcess) => {
  const gone = endOf(child)
  const ready = new Promise<string[]>((resolve, reject) => {
    child.on('message', (message: WorkerNews) => {
      if (message.news === 'ready') resolve(message.agentIds)
      else reject(failure(message))
    })
    void gone.then((how) => reject(new Error(`A worker process ${how} before it was ready.`)))
  })
  return { ready, gone }
}

const endOf = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve('has ended')
    child.once('exit', (code, signal) =>
      resolve(signal ? `was ended by ${signal}` : `ended with code ${code}`),
    )
    child.once('error', (error) => resolve(`could not be started (${error.message})`))
  })

const failure = ({ code, message }: Extract<WorkerNews, { news: 'failed' }>): Error =>
  code !== undefined && code in ERRORS ? new RunnerError(code, message) : new Error(message)
