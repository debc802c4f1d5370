import { createHash } from 'node:crypto'
import type { Logger } from '../../../../logger.ts'
import { closeWithWorkers } from '../../../shared-resources.ts'
import type { McpServerSettings } from '../settings.ts'
import { McpConnection } from './connection.ts'
import { McpServerError } from './mcp-error.ts'

/** A connection for as long as one needs it. */
export interface McpLease {
  readonly connection: McpConnection
  /** Idempotent. */
  release(): void
}

export interface McpPool {
  /** @throws McpServerError where all connections that it may have are in use */
  acquire(settings: McpServerSettings, logger: Logger): McpLease
  /** Closes the connections that nobody uses; those in use are closed when they are given back. */
  close(): Promise<void>
  /** How many there are. */
  readonly size: number
}

interface Pooled {
  connection: McpConnection
  leases: number
  idleTimer: NodeJS.Timeout | undefined
  /** Not to be kept when it is given back. */
  isLeaving: boolean
}

export interface McpPoolOptions {
  /** How long a connection that nobody uses is kept. @default 300_000 */
  idleMs?: number
  /** @default 64 */
  connectionsMax?: number
}

/** Connections to MCP servers, shared by all runs of a process whose settings name the same server. */
export const createMcpPool = ({ idleMs = 300_000, connectionsMax = 64 }: McpPoolOptions = {}): McpPool => {
  // Those that are idle in the order in which they were given back.
  const pool = new Map<string, Pooled>()

  const remove = async (key: string, pooled: Pooled): Promise<void> => {
    clearTimeout(pooled.idleTimer)
    if (pool.get(key) === pooled) pool.delete(key)
    await pooled.connection.close()
  }

  const drop = (key: string, pooled: Pooled, logger: Logger): void => {
    remove(key, pooled).catch((error) =>
      logger.warn('A connection to an MCP server was not closed', { error }),
    )
  }

  const makeRoom = (logger: Logger): void => {
    if (pool.size < connectionsMax) return
    const idle = [...pool].find(([, { leases }]) => leases === 0)
    if (idle === undefined)
      throw new McpServerError(
        `this worker has ${connectionsMax} connections to MCP servers already`,
        'Give the agents fewer servers, or more workers.',
      )
    drop(...idle, logger)
  }

  const giveBack = (key: string, pooled: Pooled, logger: Logger): void => {
    pooled.leases -= 1
    if (pooled.leases > 0) return
    pool.delete(key)
    pool.set(key, pooled)
    // What keeps a process from ending is not this timer, but the connection: close() is for that.
    if (pooled.isLeaving) drop(key, pooled, logger)
    else pooled.idleTimer = setTimeout(() => drop(key, pooled, logger), idleMs).unref()
  }

  return {
    acquire: (settings, logger) => {
      const key = keyOf(settings)
      let pooled = pool.get(key)
      if (pooled === undefined) {
        makeRoom(logger)
        pooled = {
          connection: new McpConnection(settings, logger),
          leases: 0,
          idleTimer: undefined,
          isLeaving: false,
        }
      }
      pool.set(key, pooled)
      clearTimeout(pooled.idleTimer)
      pooled.leases += 1
      const taken = pooled
      let release = () => giveBack(key, taken, logger)
      return {
        connection: pooled.connection,
        release: () => {
          release()
          release = () => {}
        },
      }
    },
    close: async () => {
      const closing: Promise<void>[] = []
      for (const [key, pooled] of pool) {
        if (pooled.leases === 0) closing.push(remove(key, pooled))
        else pooled.isLeaving = true
      }
      await Promise.all(closing)
    },
    get size() {
      return pool.size
    },
  }
}

/** What makes two servers the same. A digest, since settings have secrets. */
const keyOf = (settings: McpServerSettings): string => {
  const { enabled, tools, approval, timeout, ...server } = settings
  const fields = Object.entries(server).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(fields)).digest('hex')
}

/** The pool of this process. */
export const mcpPool: McpPool = createMcpPool()
closeWithWorkers(mcpPool.close)
