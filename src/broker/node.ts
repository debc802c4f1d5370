import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { RunnerError } from '../errors.ts'
import type { BrokerNode } from './contract.ts'
import { nodeDir } from './data-dir.ts'
import { startFailure } from './failure.ts'
import { SERVER_PROPERTIES } from './format.ts'
import type { DataDirLock } from './lock.ts'
import { HOST } from './ports.ts'
import { loggingProperties, type NodeAddress, propertiesText } from './properties.ts'
import { waitUntilServing } from './readiness.ts'
import { type Jvm, spawnJvm } from './supervisor.ts'

/** What all nodes of a cluster have in common. */
export interface ClusterSetup {
  java: string
  classPath: string
  dataDir: string
  /** The data folder goes with the broker, even if this process is killed. */
  temporary: boolean
  heapMib: number
  lock: DataDirLock
}

export interface ManagedNode extends BrokerNode {
  /** As stop(), and no start() afterwards. */
  close(): Promise<void>
}

// Ten thousand topics took 37 s after a crash.
const START_MS_MAX = 120_000
const STOP_MS_MAX = 15_000

const LOGGING_FILE = 'log4j2.properties'

export function createNode(address: NodeAddress, setup: ClusterSetup): ManagedNode {
  const dir = nodeDir(setup.dataDir, address.id)
  const files = { logFile: join(dir, 'broker.log'), consoleFile: join(dir, 'console.log') }
  let jvm: Jvm | undefined
  let starting: Promise<void> | undefined
  let stopping = false
  let closed = false

  async function start(): Promise<void> {
    // One that is on its way down must be gone first: it holds the port and the log folder.
    if (stopping) await jvm?.exited
    if (closed)
      throw new RunnerError(
        'BROKER_START_FAILED',
        `Broker ${address.id} was stopped for good. Start a new one.`,
      )
    if (jvm) return
    await prepareLogs(dir, files.logFile)
    const spawned = await spawnJvm({
      command: setup.java,
      args: jvmArgs(setup, dir),
      cwd: dir,
      consoleFile: files.consoleFile,
      ...(setup.temporary && { scratchDir: setup.dataDir }),
    })
    jvm = spawned
    stopping = closed
    void spawned.exited.then(() => {
      jvm = undefined
      stopping = false
    })
    if (closed) spawned.kill('SIGTERM')
    await setup.lock.addJvm(spawned.pid)
    await serving(spawned)
  }

  async function serving(spawned: Jvm): Promise<void> {
    const over = new AbortController()
    const failed = Promise.race([
      spawned.exited.then(
        ({ code, signal }) => `ended while it was starting (${signal ?? `exit code ${code}`})`,
      ),
      sleep(START_MS_MAX, `did not serve within ${START_MS_MAX / 1000} s`, { signal: over.signal }),
    ])
    // Aborted below once it does not matter any more.
    failed.catch(() => {})
    const ready = waitUntilServing(address.port, [address.id], over.signal).then(() => undefined)
    ready.catch(() => {})
    const what = await Promise.race([failed, ready])
    over.abort()
    if (what === undefined) return
    spawned.kill('SIGKILL')
    await spawned.exited
    throw await startFailure({ address, dataDir: setup.dataDir, temporary: setup.temporary, ...files }, what)
  }

  async function stop(): Promise<void> {
    if (!jvm) return
    const current = jvm
    stopping = true
    current.kill('SIGTERM')
    const timer = setTimeout(() => current.kill('SIGKILL'), STOP_MS_MAX)
    await current.exited
    clearTimeout(timer)
  }

  return {
    id: address.id,
    broker: `${HOST}:${address.port}`,
    get pid() {
      return jvm?.pid
    },
    start() {
      starting ??= start().finally(() => {
        starting = undefined
      })
      return starting
    },
    stop,
    async kill() {
      if (!jvm) return
      stopping = true
      jvm.kill('SIGKILL')
      await jvm.exited
    },
    async close() {
      closed = true
      await stop()
      // A start() that was just about to spawn sees `closed` and ends its JVM itself.
      await starting?.catch(() => {})
      await stop()
    },
  }
}

async function prepareLogs(dir: string, logFile: string): Promise<void> {
  // The log of this start alone, so that a failure quotes no older one; the one before is kept.
  await rename(logFile, join(dir, 'broker.previous.log')).catch(() => {})
  await writeFile(join(dir, LOGGING_FILE), propertiesText(loggingProperties(logFile)))
}

function jvmArgs(setup: ClusterSetup, dir: string): string[] {
  return [
    `-Xmx${setup.heapMib}m`,
    // A broker without memory should be gone, not half alive.
    '-XX:+ExitOnOutOfMemoryError',
    `-XX:ErrorFile=${join(dir, 'jvm-crash.log')}`,
    '-XX:-UsePerfData',
    '-Djava.net.preferIPv4Stack=true',
    '-Djava.awt.headless=true',
    `-Dlog4j2.configurationFile=${join(dir, LOGGING_FILE)}`,
    '-cp',
    setup.classPath,
    'kafka.Kafka',
    join(dir, SERVER_PROPERTIES),
  ]
}
