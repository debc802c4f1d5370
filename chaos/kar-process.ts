import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))
const AGENTS = fileURLToPath(new URL('./agents.ts', import.meta.url))
const READY_MS_MAX = 60_000

/** A real process of the command line. */
export interface KarProcess {
  readonly child: ChildProcess
  /** What its first sign of readiness held: an address, or nothing. @throws when it ended before, or took too long */
  readonly ready: Promise<string>
  /** Resolves when it is gone, whoever ended it. */
  readonly gone: Promise<void>
}

const running = new Set<ChildProcess>()

/** Whatever ends this process ends those that it started; SIGKILL reaches frozen ones too. */
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export interface KarOptions {
  args: string[]
  env: NodeJS.ProcessEnv
  logFile: string
  /** The line that tells that it is ready; its first group is what `ready` gives. */
  readyLine: RegExp
}

export const startKar = ({ args, env, logFile, readyLine }: KarOptions): KarProcess => {
  const child = spawn(process.execPath, [MAIN, ...args, '--agents', AGENTS], {
    env: { ...process.env, NO_COLOR: '1', KAR_DATA_DIR: '/nonexistent', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A Ctrl-C in the terminal is for the chaos run alone, which then ends the others.
    detached: true,
  })
  running.add(child)
  const log = createWriteStream(logFile, { flags: 'a' })
  const ready = Promise.withResolvers<string>()
  const gone = Promise.withResolvers<void>()
  let head = ''
  const take = (chunk: Buffer) => {
    log.write(chunk)
    if (head.length > 10_000) return
    head += chunk
    const match = readyLine.exec(head)
    if (match !== null) ready.resolve(match[1] ?? '')
  }
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  const timer = setTimeout(
    () => ready.reject(new Error(`${args[0]} was not ready in time: ${head}`)),
    READY_MS_MAX,
  )
  ready.promise.then(
    () => clearTimeout(timer),
    () => clearTimeout(timer),
  )
  child.once('close', () => {
    running.delete(child)
    log.end()
    ready.reject(new Error(`${args[0]} ended before it was ready: ${head}`))
    gone.resolve()
  })
  return { child, ready: ready.promise, gone: gone.promise }
}
