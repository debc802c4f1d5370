import { open } from 'node:fs/promises'
import { RunnerError } from '../errors.ts'
import { dataDirInUse } from './lock.ts'
import { portTaken } from './ports.ts'
import type { NodeAddress } from './properties.ts'

const TAIL_BYTES_MAX = 65_536
const QUOTED_LINES_MAX = 6

/** What names a failed start: the node, where it lives and where it logged. */
export interface FailedNode {
  address: NodeAddress
  dataDir: string
  /** The folder is removed with the failed broker, so pointing at its log would mislead. */
  temporary: boolean
  logFile: string
  consoleFile: string
}

/** The named error for a broker that did not start, from what it logged. */
export async function startFailure(node: FailedNode, what: string): Promise<RunnerError> {
  const log = `${await tail(node.logFile)}\n${await tail(node.consoleFile)}`
  const quoted = meaningfulLines(log)
  if (/Failed to acquire lock on file \.lock/.test(log)) {
    return dataDirInUse(node.dataDir, 'Kafka holds its lock', new Error(quoted))
  }
  const bound = /failed to bind to \S*?:(\d+): Address already in use/i.exec(log)?.[1]
  if (bound) return portTaken(Number(bound), new Error(quoted))
  if (/BindException: Address already in use/.test(log))
    return portTaken(node.address.port, new Error(quoted))
  if (
    /InconsistentClusterIdException|InconsistentBrokerMetadata|CorruptSnapshot|meta\.properties/.test(quoted)
  ) {
    return dataDirDamaged(node.dataDir, `Kafka refused it:\n${quoted}`)
  }
  const where = node.temporary ? '' : ` Its log is ${node.logFile}.`
  const words = quoted ? `Its last words are:\n${quoted}` : 'It said nothing.'
  return new RunnerError('BROKER_START_FAILED', `Broker ${node.address.id} ${what}.${where} ${words}`)
}

export function dataDirDamaged(dataDir: string, what: string, cause?: unknown): RunnerError {
  return new RunnerError(
    'DATA_DIR_DAMAGED',
    `The data folder ${dataDir} cannot be used: ${what}. Nothing in it was changed. Bring it back from a copy, or choose another folder or an empty one.`,
    { cause },
  )
}

/** The last lines that say why: errors rather than stack frames; else simply the last ones. */
export function meaningfulLines(log: string): string {
  const lines = log
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^\s+at |^\s+\.\.\. \d+ more/.test(line))
  const telling = lines.filter((line) => /\b(ERROR|FATAL)\b|Exception|^Caused by|^Error/.test(line))
  return (telling.length > 0 ? telling : lines).slice(-QUOTED_LINES_MAX).join('\n')
}

async function tail(path: string): Promise<string> {
  const file = await open(path).catch(() => undefined)
  if (!file) return ''
  try {
    const { size } = await file.stat()
    const from = Math.max(0, size - TAIL_BYTES_MAX)
    const buffer = Buffer.alloc(size - from)
    await file.read(buffer, 0, buffer.length, from)
    return buffer.toString('utf8')
  } finally {
    await file.close()
  }
}
