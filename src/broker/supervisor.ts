import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import type { Writable } from 'node:stream'

export interface JvmSpec {
  command: string
  args: string[]
  cwd: string
  /** Gets what the JVM itself prints; overwritten on each start. */
  consoleFile: string
  /** If this process dies first: the folder to delete once the JVM is gone. */
  scratchDir?: string
}

export interface JvmExit {
  code: number | null
  signal: NodeJS.Signals | null
}

/** A child JVM that does not outlive this process, however that ends. */
export interface Jvm {
  pid: number
  exited: Promise<JvmExit>
  kill(signal: 'SIGTERM' | 'SIGKILL'): void
}

/** How long a JVM whose starter is gone has for its controlled shutdown before it is killed. */
export const ORPHAN_GRACE_MS = 10_000
const POLLS_PER_SECOND = 5

// The shell forks a watcher, then becomes the JVM (exec), so that the pid, the exit code and the signals are
// the JVM's own. The watcher reads a pipe whose other end only our parent holds. A line means: the JVM is gone,
// you may go. The end of the pipe without a line means: the parent is gone, by exit, crash or SIGKILL.
// The pipe is descriptor 3, not stdin: Node closes a child's stdin before it tells of the exit.
const WATCHED = `
polls=$1 scratch=$2; shift 2
(
  trap '' HUP INT TERM
  read -r released && exit 0
  kill -TERM $$
  while [ $polls -gt 0 ] && kill -0 $$; do sleep 0.2 || sleep 1; polls=$((polls - 1)); done
  kill -KILL $$
  [ -z "$scratch" ] || rm -rf -- "$scratch"
) <&3 >/dev/null 2>&1 &
exec 3<&-
exec "$@"
`

export async function spawnJvm(spec: JvmSpec): Promise<Jvm> {
  const polls = (ORPHAN_GRACE_MS / 1000) * POLLS_PER_SECOND
  const output = openSync(spec.consoleFile, 'w')
  const child = spawn(
    '/bin/sh',
    [
      '-c',
      WATCHED,
      'kafka-agent-runner-broker',
      String(polls),
      spec.scratchDir ?? '',
      spec.command,
      ...spec.args,
    ],
    // Detached: a session of its own. Ctrl-C in the terminal then reaches only us, and we stop the broker once
    // its clients are drained.
    { cwd: spec.cwd, detached: true, stdio: ['ignore', output, output, 'pipe'] },
  )
  closeSync(output)
  const leash = child.stdio[3] as Writable
  // The watcher may be gone before us; that is no news.
  leash.on('error', () => {})
  const exited = new Promise<JvmExit>((resolve) => {
    child.once('exit', (code, signal) => {
      leash.end('released\n')
      resolve({ code, signal })
    })
  })
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', reject)
  })
  child.on('error', () => {})
  return { pid: child.pid!, exited, kill: (signal) => void child.kill(signal) }
}
