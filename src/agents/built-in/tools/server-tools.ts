import type { Tool } from '@modelcontextprotocol/sdk/types.js'
import { messageOf } from '../../../errors.ts'
import type { Logger } from '../../../logger.ts'
import { type CheckArguments, checkBySchema } from './arguments.ts'
import type { McpConnection } from './mcp/connection.ts'
import { McpServerError } from './mcp/mcp-error.ts'
import { outcomeOf } from './mcp/mcp-result.ts'
import type { McpLease, McpPool } from './mcp/pool.ts'
import { withoutSecrets } from './mcp/server-secrets.ts'
import type { OfferedTool } from './offer.ts'
import { fitsAny } from './patterns.ts'
import type { McpServerSettings, ToolSettings } from './settings.ts'
import { failure } from './tool-result.ts'

/** A server that a run uses. */
export interface UsedServer {
  name: string
  lease: McpLease
  /** Its tools as they are known now. */
  offered(): OfferedTool[]
}

/** What came of connecting to the servers of some settings: a server that is down takes nothing from the others. */
export interface UsedServers {
  servers: UsedServer[]
  notices: string[]
}

export const useServers = async (
  settings: ToolSettings,
  { pool, logger, signal }: { pool: McpPool; logger: Logger; signal: AbortSignal },
): Promise<UsedServers> => {
  const enabled = Object.entries(settings.mcp_servers).filter(([, server]) => server.enabled)
  const used = await Promise.all(
    enabled.map(async ([name, server]) => {
      try {
        return await useServer(name, server, settings, { pool, logger, signal })
      } catch (error) {
        return noticeOf(name, error)
      }
    }),
  )
  const servers = used.filter((one) => typeof one !== 'string')
  const notices = used.filter((one) => typeof one === 'string')
  return { servers, notices }
}

const noticeOf = (name: string, error: unknown): string =>
  `The tools of MCP server "${name}" are missing: ${messageOf(error)}. ${error instanceof McpServerError ? error.fix : ''}`.trim()

const useServer = async (
  name: string,
  server: McpServerSettings,
  settings: ToolSettings,
  { pool, logger, signal }: { pool: McpPool; logger: Logger; signal: AbortSignal },
): Promise<UsedServer> => {
  const lease = pool.acquire(server, logger)
  try {
    // The connection is shared: a run that is stopped leaves it to the others.
    await orAborted(lease.connection.tools(), signal)
  } catch (error) {
    lease.release()
    throw error
  }
  const offered = () =>
    offeredBy(lease.connection.knownTools, server).map((tool) =>
      offeredTool(tool, { name, server, settings, connection: lease.connection }),
    )
  return { name, lease, offered }
}

/** The tools of a server that its settings let through. */
export const offeredBy = (tools: readonly Tool[], { tools: allowed }: McpServerSettings): Tool[] =>
  tools.filter(({ name }) => allowed === undefined || fitsAny(name, allowed))

const offeredTool = (
  tool: Tool,
  {
    name,
    server,
    settings,
    connection,
  }: { name: string; server: McpServerSettings; settings: ToolSettings; connection: McpConnection },
): OfferedTool => ({
  ownName: tool.name,
  origin: `mcp:${name}`,
  description: tool.description ?? tool.title ?? '',
  parameters: tool.inputSchema,
  approval: false,
  approvalSettings: server.approval ?? settings.approval,
  work: {
    timeoutMs: (server.timeout ?? settings.tool_call_timeout) * 1000,
    check: (args) => checkFor(tool)(args),
    execute: async (args, _call, signal) => {
      try {
        const outcome = outcomeOf(await connection.call(tool, args, signal))
        // Servers repeat a key that they refuse.
        return outcome.isError ? { ...outcome, content: withoutSecrets(outcome.content, server) } : outcome
      } catch (error) {
        const isServers = error instanceof McpServerError
        return failure(isServers ? `MCP server "${name}": ${error.message}.` : messageOf(error))
      }
    },
  },
})

/** By the tool as its connection listed it, which all runs share. */
const checks = new WeakMap<Tool, CheckArguments>()

const checkFor = (tool: Tool): CheckArguments => {
  let check = checks.get(tool)
  if (check === undefined) {
    check = checkOf(tool)
    checks.set(tool, check)
  }
  return check
}

const checkOf = ({ inputSchema }: Tool): CheckArguments => {
  try {
    return checkBySchema(inputSchema)
  } catch {
    // A schema that the validator cannot read: the server holds the arguments against it itself.
    return (args) => ({ args })
  }
}

const orAborted = async <T>(promise: Promise<T>, signal: AbortSignal): Promise<T> => {
  const aborted = Promise.withResolvers<never>()
  const onAbort = () => aborted.reject(new Error('the run was stopped'))
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    if (signal.aborted) onAbort()
    return await Promise.race([promise, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
    // Where the run was stopped first, nobody else hears of it.
    promise.catch(() => undefined)
  }
}
