import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../errors.ts'
import { dataDirDamaged } from './failure.ts'
import { LOCK_FILE } from './lock.ts'
import { KAFKA_VERSION } from './pom.ts'
import { type NodeAddress, parseProperties } from './properties.ts'

/** What a data folder remembers between starts. */
export interface Layout {
  version: 1
  kafka: string
  clusterId: string
  /** False until every node's log folder is formatted: those of a start that was cut off before are made anew. */
  formatted: boolean
  nodes: NodeAddress[]
}

const LAYOUT_FILE = 'kafka-agent-runner.json'

export const nodeDir = (dataDir: string, id: number): string => join(dataDir, `node-${id}`)
export const logDirOf = (dataDir: string, id: number): string => join(nodeDir(dataDir, id), 'data')

export function newLayout(nodes: NodeAddress[]): Layout {
  return { version: 1, kafka: KAFKA_VERSION, clusterId: newClusterId(), formatted: false, nodes }
}

/** What is remembered here; undefined for a new or empty folder; DATA_DIR_DAMAGED for one that is not ours or broken. */
export async function readLayout(dataDir: string): Promise<Layout | undefined> {
  const names = await readdir(dataDir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw dataDirDamaged(dataDir, `it cannot be read as a folder (${error.message})`, error)
  })
  const others = names.filter((name) => !name.startsWith(LOCK_FILE) && !name.startsWith(`${LAYOUT_FILE}.`))
  if (others.length === 0) return undefined
  if (!others.includes(LAYOUT_FILE)) {
    throw dataDirDamaged(
      dataDir,
      `it holds files, but not of an embedded broker (there is no ${LAYOUT_FILE})`,
    )
  }
  const layout = parseLayout(await readFile(join(dataDir, LAYOUT_FILE), 'utf8'))
  if (!layout) throw dataDirDamaged(dataDir, `${LAYOUT_FILE} in it is garbled or of another version`)
  return layout
}

export async function writeLayout(dataDir: string, layout: Layout): Promise<void> {
  const path = join(dataDir, LAYOUT_FILE)
  await writeFile(`${path}.next`, `${JSON.stringify(layout, null, 2)}\n`)
  await rename(`${path}.next`, path)
}

export async function makeNodeDirs(dataDir: string, nodes: NodeAddress[]): Promise<void> {
  for (const { id } of nodes) await mkdir(nodeDir(dataDir, id), { recursive: true })
}

/** Checks what Kafka itself would trip over later, or worse, would not. */
export async function checkFormatted(dataDir: string, layout: Layout): Promise<void> {
  for (const { id } of layout.nodes) {
    const path = join(logDirOf(dataDir, id), 'meta.properties')
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      throw dataDirDamaged(dataDir, `${path} cannot be read (${messageOf(error)})`, error)
    })
    const meta = parseProperties(text)
    if (meta['cluster.id'] !== layout.clusterId || meta['node.id'] !== String(id) || !meta['directory.id']) {
      throw dataDirDamaged(dataDir, `${path} is garbled or belongs to another broker`)
    }
  }
}

function parseLayout(text: string): Layout | undefined {
  try {
    const layout = JSON.parse(text) as Partial<Layout> | null
    const sound =
      layout?.version === 1 &&
      typeof layout.clusterId === 'string' &&
      Array.isArray(layout.nodes) &&
      layout.nodes.length > 0 &&
      layout.nodes.every((n) => [n.id, n.port, n.controllerPort].every(Number.isInteger))
    return sound ? (layout as Layout) : undefined
  } catch {
    return undefined
  }
}

/** A Kafka UUID. Not one that begins with a dash: the format tool would read it as an option. */
function newClusterId(): string {
  const id = randomBytes(16).toString('base64url')
  return id.startsWith('-') ? newClusterId() : id
}
