import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'

/** A process that cannot be confused with a later one that was given the same pid. */
export interface ProcessIdentity {
  pid: number
  /** When it began, in whatever form the system tells it; only ever compared for equality. */
  started: string
}

const PS_MS_MAX = 5_000

/** The identity of a running process, or undefined when there is none with this pid (a zombie is none). */
export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  const started = process.platform === 'linux' ? await startedByProc(pid) : await startedByPs(pid)
  return started === undefined ? undefined : { pid, started }
}

export async function isAlive(known: ProcessIdentity): Promise<boolean> {
  return (await identify(known.pid))?.started === known.started
}

async function startedByProc(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  // The second field is the command's name in brackets, and may itself hold spaces and brackets.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields === undefined || fields[0] === 'Z' ? undefined : fields[19]
}

function startedByPs(pid: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { timeout: PS_MS_MAX }, (error, stdout) => {
      const [stat, ...started] = stdout.trim().split(/\s+/)
      resolve(error || !stat || stat.startsWith('Z') ? undefined : started.join(' '))
    })
  })
}
