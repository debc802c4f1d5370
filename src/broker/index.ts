import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { RunnerError } from '../errors.ts'
import type { Broker, BrokerOptions } from './contract.ts'
import {
  checkFormatted,
  type Layout,
  makeNodeDirs,
  newLayout,
  nodeDir,
  readLayout,
  writeLayout,
} from './data-dir.ts'
import { dataDirDamaged } from './failure.ts'
import { formatNodes, SERVER_PROPERTIES } from './format.ts'
import { defaultCacheDir, resolveJars } from './jars.ts'
import { findJava } from './java.ts'
import { type DataDirLock, lockDataDir } from './lock.ts'
import { type ClusterSetup, createNode, type ManagedNode } from './node.ts'
import { preferPort, requirePort } from './ports.ts'
import { type NodeAddress, propertiesText, serverProperties } from './properties.ts'
import { waitUntilServing } from './readiness.ts'
import { ORPHAN_GRACE_MS } from './supervisor.ts'

export type { Broker, BrokerNode, BrokerOptions } from './contract.ts'

const HEAP_MIB_DEFAULT = 1024
const HEAP_MIB_MIN = 128
// A free port can be taken by another process before the JVM has it.
const PORT_TRIES_MAX = 3
const MEMBERS_MS_MAX = 30_000
const ORPHAN_WAIT_MS = ORPHAN_GRACE_MS + 5_000

/**
 * Starts a real Apache Kafka (KRaft, each node a JVM of its own, on 127.0.0.1 only) and waits until it serves
 * clients. Call `stop()` when its clients are done; if this process dies without, the broker shuts itself down.
 */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  checkOptions(options)
  const java = await findJava()
  const cacheDir = resolve(options.cacheDir ?? defaultCacheDir())
  const jarsDir = await resolveJars(cacheDir, options.onProgress ?? (() => {}))
  const temporary = options.dataDir === undefined
  const dataDir =
    options.dataDir === undefined ? await mkdtemp(join(tmpdir(), 'kar-broker-')) : resolve(options.dataDir)
  let lock: DataDirLock | undefined
  const release = async () => {
    lock?.release()
    if (temporary) await rm(dataDir, { recursive: true, force: true, maxRetries: 3 })
  }
  try {
    // Before the lock: a folder that is not ours gets no file from us.
    await readLayout(dataDir)
    await mkdir(dataDir, { recursive: true }).catch((error: Error) => {
      throw dataDirDamaged(dataDir, `it cannot be made (${error.message})`, error)
    })
    lock = await lockDataDir(dataDir, ORPHAN_WAIT_MS)
    const heapMib = options.heapMib ?? HEAP_MIB_DEFAULT
    const setup: ClusterSetup = { java, classPath: join(jarsDir, '*'), dataDir, temporary, heapMib, lock }
    const nodes = await startCluster(setup, options)
    return brokerOf(dataDir, nodes, release)
  } catch (error) {
    await release()
    throw error
  }
}

function brokerOf(dataDir: string, nodes: ManagedNode[], release: () => Promise<void>): Broker {
  let stopped: Promise<void> | undefined
  return {
    brokers: nodes.map((node) => node.broker),
    dataDir,
    nodes,
    stop() {
      stopped ??= closeAll(nodes).then(release)
      return stopped
    },
  }
}

/** All at once: a controlled shutdown needs a majority of the controllers, which the last of a row would lack. */
async function closeAll(nodes: ManagedNode[]): Promise<void> {
  await Promise.all(nodes.map((node) => node.close()))
}

async function startCluster(setup: ClusterSetup, options: BrokerOptions): Promise<ManagedNode[]> {
  for (let tries = 1; ; tries++) {
    const layout = await prepare(setup, options)
    const nodes = layout.nodes.map((address) => createNode(address, setup))
    try {
      await Promise.all(nodes.map((node) => node.start()))
      await waitForMembers(layout.nodes)
      return nodes
    } catch (error) {
      await Promise.all(nodes.map((node) => node.kill()))
      await closeAll(nodes)
      if (!(error instanceof RunnerError) || error.code !== 'PORT_TAKEN' || tries === PORT_TRIES_MAX)
        throw error
    }
  }
}

/** Each node serves; now each must also know all others, or a first topic could miss its replicas. */
async function waitForMembers(addresses: NodeAddress[]): Promise<void> {
  const ids = addresses.map(({ id }) => id)
  const signal = AbortSignal.timeout(MEMBERS_MS_MAX)
  await Promise.all(addresses.map(({ port }) => waitUntilServing(port, ids, signal))).catch(
    (cause: unknown) => {
      throw new RunnerError(
        'BROKER_START_FAILED',
        `The ${ids.length} brokers did not find each other within ${MEMBERS_MS_MAX / 1000} s. Give the machine more time or memory, or start one.`,
        { cause },
      )
    },
  )
}

/** Makes the data folder ready for this start: layout, ports, each node's properties, and the format. */
async function prepare({ java, classPath, dataDir }: ClusterSetup, options: BrokerOptions): Promise<Layout> {
  const known = await readLayout(dataDir)
  if (known && options.nodes !== undefined && options.nodes !== known.nodes.length) {
    throw new RunnerError(
      'CONFIG_INVALID',
      `The data folder ${dataDir} holds a cluster of ${known.nodes.length}, not of ${options.nodes}. Leave out "nodes", or choose another folder.`,
    )
  }
  if (known?.formatted) await checkFormatted(dataDir, known)
  const nodes = await assignPorts(known?.nodes, options)
  const layout: Layout = known ? { ...known, nodes } : newLayout(nodes)
  await writeLayout(dataDir, layout)
  await makeNodeDirs(dataDir, nodes)
  for (const node of nodes) {
    const dir = nodeDir(dataDir, node.id)
    const properties = serverProperties(node, nodes, join(dir, 'data'), options.properties)
    await writeFile(join(dir, SERVER_PROPERTIES), propertiesText(properties))
  }
  if (layout.formatted) return layout
  await formatNodes(java, classPath, dataDir, layout)
  const formatted = { ...layout, formatted: true }
  await writeLayout(dataDir, formatted)
  return formatted
}

async function assignPorts(known: NodeAddress[] | undefined, options: BrokerOptions): Promise<NodeAddress[]> {
  const reserved = new Set<number>()
  const ids = known?.map(({ id }) => id) ?? Array.from({ length: options.nodes ?? 1 }, (_, i) => i + 1)
  const nodes: NodeAddress[] = []
  for (const [i, id] of ids.entries()) {
    const before = known?.[i]
    const asked = i === 0 ? options.port : undefined
    const port =
      asked === undefined ? await preferPort(before?.port, reserved) : await requirePort(asked, reserved)
    nodes.push({ id, port, controllerPort: await preferPort(before?.controllerPort, reserved) })
  }
  return nodes
}

function checkOptions({ nodes, port, heapMib }: BrokerOptions): void {
  const wrong =
    nodes !== undefined && nodes !== 1 && nodes !== 3
      ? `"nodes" must be 1 or 3, not ${nodes}`
      : port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536)
        ? `"port" must be 1 to 65535, not ${port}`
        : heapMib !== undefined && !(Number.isInteger(heapMib) && heapMib >= HEAP_MIB_MIN)
          ? `"heapMib" must be a whole number from ${HEAP_MIB_MIN}, not ${heapMib}`
          : undefined
  if (wrong) throw new RunnerError('CONFIG_INVALID', `The embedded broker cannot start: ${wrong}.`)
}
