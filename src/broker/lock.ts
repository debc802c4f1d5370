import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { RunnerError } from '../errors.ts'
import { identify, isAlive, type ProcessIdentity } from './process-identity.ts'

/** The hold of one process on one data folder. */
export interface DataDirLock {
  /** Notes a broker's JVM, so that the next owner can wait for it should we die without stopping it. */
  addJvm(pid: number): Promise<void>
  /** Idempotent. */
  release(): void
}

interface Holder {
  owner: ProcessIdentity
  jvms: ProcessIdentity[]
}

export const LOCK_FILE = 'broker.lock'
const ORPHAN_POLL_MS = 100

/**
 * Takes the folder for this process, or fails with DATA_DIR_IN_USE. A lock whose owner is dead does not count,
 * even when its pid now belongs to another process.
 *
 * Two processes that both find the same dead lock can both take it. Kafka's own lock on the log folder then
 * refuses the second, and that too becomes DATA_DIR_IN_USE.
 */
export async function lockDataDir(dataDir: string, orphanWaitMs: number): Promise<DataDirLock> {
  const path = join(dataDir, LOCK_FILE)
  const owner = (await identify(process.pid)) ?? { pid: process.pid, started: 'unknown' }
  const holder: Holder = { owner, jvms: [] }
  const previous = readHolder(path)
  if (previous) {
    if (await isAlive(previous.owner)) throw dataDirInUse(dataDir, `process ${previous.owner.pid}`)
    await waitForOrphans(dataDir, previous.jvms, orphanWaitMs)
  }
  if (previous !== undefined) rmSync(path, { force: true })
  create(dataDir, path, holder)
  let released = false
  return {
    async addJvm(pid) {
      const jvm = await identify(pid)
      if (!jvm || released) return
      holder.jvms = [...holder.jvms.filter((known) => known.pid !== pid), jvm].slice(-JVMS_MAX)
      const next = `${path}.${process.pid}`
      writeFileSync(next, JSON.stringify(holder))
      renameSync(next, path)
    },
    release() {
      if (!released) rmSync(path, { force: true })
      released = true
    },
  }
}

// Only the newest few can still be alive: a node starts one when its last one is gone.
const JVMS_MAX = 16

export function dataDirInUse(dataDir: string, by: string, cause?: unknown): RunnerError {
  return new RunnerError(
    'DATA_DIR_IN_USE',
    `The data folder ${dataDir} is in use by another broker (${by}). Stop that one, or give this one a folder of its own.`,
    { cause },
  )
}

/** undefined: no lock. null: a file that says nothing, as after a full disk; it holds nobody. */
function readHolder(path: string): Holder | undefined | null {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
  try {
    const holder = JSON.parse(text) as Partial<Holder>
    return holder.owner && Array.isArray(holder.jvms) ? (holder as Holder) : null
  } catch {
    return null
  }
}

/** The brokers of an owner that was killed shut down by themselves (supervisor.ts); give them the time for it. */
async function waitForOrphans(dataDir: string, jvms: ProcessIdentity[], waitMs: number): Promise<void> {
  const deadline = Date.now() + waitMs
  for (const jvm of jvms) {
    while (await isAlive(jvm)) {
      if (Date.now() > deadline) throw dataDirInUse(dataDir, `JVM ${jvm.pid}, whose starter is dead`)
      await sleep(ORPHAN_POLL_MS)
    }
  }
}

function create(dataDir: string, path: string, holder: Holder): void {
  // Write first, link then: a lock that is seen is complete, and only one of two can link it.
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, JSON.stringify(holder))
  try {
    linkSync(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw dataDirInUse(dataDir, 'it began just now', error)
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}
