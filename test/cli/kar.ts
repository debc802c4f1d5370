import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
export const AGENTS = fileURLToPath(new URL('./fixtures/agents.ts', import.meta.url))

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

/** Removed after the file's tests. */
export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'kar-cli-'))
  folders.push(folder)
  return folder
}

/** The environment without what would configure the command line; its data folder is empty. */
export const cleanEnv = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => {
  const ours = /^(KAR_|KAFKA_|PORT$|HOST$|FORCE_COLOR$|NODE_OPTIONS$|VITEST|NODE_ENV$|TEST$)/
  const rest = Object.entries(process.env).filter(([name]) => !ours.test(name))
  return { ...Object.fromEntries(rest), KAR_DATA_DIR: '/nonexistent/kar', ...more }
}

export interface Kar {
  child: ChildProcess
  pid: number
  stdout: string
  stderr: string
  /** The exit code, or the signal that ended it. */
  ended: Promise<number | string>
  /** Resolves once the text was written to either output. */
  until(text: string): Promise<void>
}

/** Starts a command. */
export const start = (args: string[], env: NodeJS.ProcessEnv = cleanEnv(), input = ''): Kar => {
  const child = spawn(process.execPath, [MAIN, ...args], { env })
  const kar: Kar = {
    child,
    pid: child.pid ?? 0,
    stdout: '',
    stderr: '',
    ended: new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal ?? -1))),
    until: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!`${kar.stdout}${kar.stderr}`.includes(text)) return
          child.stdout.off('data', look)
          child.stderr.off('data', look)
          resolve()
        }
        child.stdout.on('data', look)
        child.stderr.on('data', look)
        const fail = () =>
          reject(new Error(`"${args.join(' ')}" ended without "${text}": ${kar.stdout}${kar.stderr}`))
        void kar.ended.then(fail)
        look()
      }),
  }
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    kar.stdout += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk) => {
    kar.stderr += chunk
  })
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  return kar
}

/** Runs a command to its end. */
export const run = async (args: string[], env?: NodeJS.ProcessEnv, input?: string) => {
  const kar = start(args, env, input)
  const code = await kar.ended
  return { code, stdout: kar.stdout, stderr: kar.stderr }
}

/** All processes that a process has started, and they. */
export const descendantsOf = (pid: number): number[] => {
  const table = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
  const rows = table
    .trim()
    .split('\n')
    .map((row) => row.trim().split(/\s+/).map(Number))
  const childrenOf = (parent: number): number[] =>
    rows.flatMap(([child = 0, of]) => (of === parent ? [child, ...childrenOf(child)] : []))
  return childrenOf(pid)
}

/** Those that still run; a zombie does not. */
export const alive = (pids: number[]): number[] => {
  const table = execFileSync('ps', ['-eo', 'pid=,stat='], { encoding: 'utf8' })
  const running = new Set(
    table
      .trim()
      .split('\n')
      .map((row) => row.trim().split(/\s+/))
      .filter(([, state]) => !state?.startsWith('Z'))
      .map(([pid]) => Number(pid)),
  )
  return pids.filter((pid) => running.has(pid))
}
