import { type ChildProcess, spawn } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'

/** TypeScript in a checkout, JavaScript in `dist`. */
const GUARD = fileURLToPath(new URL(`./orphan-guard${extname(import.meta.filename)}`, import.meta.url))

let guard: ChildProcess | undefined
const guarded = new Set<number>()

/** One for this process, and only where a server's program runs. It is started again if somebody ended it. */
const startGuard = (): ChildProcess => {
  const child = spawn(process.execPath, [GUARD], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // A session of its own: Ctrl-C in the terminal is not for it, its work only begins then.
    detached: true,
    // Without the environment of the worker, which has secrets.
    env: {},
  })
  const gone = () => {
    if (guard === child) guard = undefined
  }
  child.on('error', gone).on('exit', gone)
  child.stdin?.on('error', gone)
  // It keeps nobody from ending.
  child.unref()
  ;(child.stdin as { unref?: () => void } | null)?.unref?.()
  for (const pid of guarded) child.stdin?.write(`+${pid}\n`)
  return child
}

const watch = (pid: number): void => {
  guard ??= startGuard()
  guarded.add(pid)
  guard.stdin?.write(`+${pid}\n`)
}

const forget = (pid: number): void => {
  if (guarded.delete(pid)) guard?.stdin?.write(`-${pid}\n`)
}

/** A server's program, which does not outlive this process: not even where this process is killed. */
export class GuardedStdioTransport extends StdioClientTransport {
  override async start(): Promise<void> {
    await super.start()
    const { pid } = this
    if (pid === null) return
    watch(pid)
    // Set last by the client, and called when the program has ended.
    const told = this.onclose
    this.onclose = () => {
      forget(pid)
      told?.()
    }
  }
}
