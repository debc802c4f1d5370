import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Server } from '../contestant.ts'

export interface RedisOptions {
  /** When the append-only file is flushed: before each answer, or once a second. */
  appendfsync: 'always' | 'everysec'
}

/** A redis-server that persists to its append-only file only: without snapshots, with Redis's defaults otherwise. */
export const startRedis = async ({ appendfsync }: RedisOptions): Promise<Server> => {
  const port = await freePort()
  const server = ownProcess((dir) => ({
    command: 'redis-server',
    args: [
      ...['--bind', '127.0.0.1', '--port', String(port), '--dir', dir],
      ...['--appendonly', 'yes', '--appendfsync', appendfsync, '--save', ''],
    ],
  }))
  await server.until(() => server.printed().includes('Ready to accept connections'))
  return { address: `127.0.0.1:${port}`, pids: server.pids, stop: server.stop }
}

/** As redis-server prints it, or undefined without one. */
export const redisVersion = (): string | undefined => {
  try {
    return /v=(\S+)/.exec(execFileSync('redis-server', ['--version'], { encoding: 'utf8' }))?.[1]
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

export const freePort = async (): Promise<number> => {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no port')
  return address.port
}

interface Command {
  command: string
  args: string[]
  env?: Record<string, string>
}

const READY_MS_MAX = 30_000

/** A child process with a temporary folder, both of which end with `stop`, and with this process at the latest. */
export const ownProcess = (commandOf: (dir: string) => Command) => {
  const dir = mkdtempSync(join(tmpdir(), 'bench-server-'))
  const { command, args, env } = commandOf(dir)
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] })
  let output = ''
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    // There never was a process.
    child.once('error', (error) => {
      output += error.message
      resolve()
    })
  })
  // Both pipes are read to the end: a full pipe would stop the server.
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-20_000)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)

  const discard = () => {
    child.kill('SIGKILL')
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
  }
  process.once('exit', discard)

  const stop = async () => {
    child.kill('SIGTERM')
    await Promise.race([ended, sleep(3_000, undefined, { ref: false })])
    child.kill('SIGKILL')
    await ended
    discard()
    process.removeListener('exit', discard)
  }

  /** Waits until the server is there; without it, throws what it printed. */
  const until = async (ready: () => boolean | Promise<boolean>) => {
    const deadline = Date.now() + READY_MS_MAX
    while (!(await ready())) {
      const gone = child.exitCode !== null || child.pid === undefined
      if (!gone && Date.now() < deadline) {
        await sleep(20)
        continue
      }
      await stop()
      throw new Error(`${command} ${gone ? 'ended' : 'did not start in 30 s'}. Its last output:\n${output}`)
    }
  }

  return { until, stop, printed: () => output, pids: () => (child.pid === undefined ? [] : [child.pid]) }
}
