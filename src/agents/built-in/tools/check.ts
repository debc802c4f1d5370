import { messageOf } from '../../../errors.ts'
import type { Logger } from '../../../logger.ts'
import type { CheckResult } from '../../check-result.ts'
import { McpServerError } from './mcp/mcp-error.ts'
import { createMcpPool, type McpPool } from './mcp/pool.ts'
import { fitsAny } from './patterns.ts'
import { offeredBy } from './server-tools.ts'
import type { McpServerSettings, ToolSettings } from './settings.ts'
import { loadTools } from './tool-modules.ts'

/** A look at one MCP server, one module of tools, or the list of approvals. */
export type ToolCheck = CheckResult & { part: string }

/** Nothing is told twice: what goes wrong is in the result. */
const SILENT: Logger = { info: () => {}, warn: () => {}, error: () => {} }

/**
 * Loads the modules of tools, connects to each MCP server anew, and says how many tools each has. Calls none of them.
 * @param folder where paths of modules count from
 */
export const checkTools = async (
  settings: ToolSettings,
  signal: AbortSignal,
  folder: string = process.cwd(),
): Promise<ToolCheck[]> => {
  const pool = createMcpPool({ connectionsMax: Number.POSITIVE_INFINITY })
  const servers = Object.entries(settings.mcp_servers).filter(([, { enabled }]) => enabled)
  try {
    const looks = await Promise.all([
      ...settings.tools.map((name) => lookAtModule(name, folder)),
      ...servers.map(([name, server]) => lookAtServer(name, server, pool, signal)),
    ])
    const checks = looks.map(({ check }) => check)
    const isWhole = checks.every(({ ok }) => ok)
    return isWhole ? [...checks, ...lookAtApproval(settings, looks)] : checks
  } finally {
    await pool.close()
  }
}

interface Look {
  check: ToolCheck
  /** What approvals can name. */
  names: string[]
}

const lookAtModule = async (name: string, folder: string): Promise<Look> => {
  const part = `tools ${name}`
  try {
    const tools = await loadTools([name], folder)
    return {
      check: {
        part,
        ok: true,
        detail: `${counted(tools.length)}: ${tools.map((tool) => tool.name).join(', ')}`,
      },
      names: tools.map((tool) => tool.name),
    }
  } catch (error) {
    const fix = 'Correct the path, or what the module exports.'
    return { check: { part, ok: false, problem: messageOf(error), fix }, names: [] }
  }
}

const lookAtServer = async (
  name: string,
  server: McpServerSettings,
  pool: McpPool,
  signal: AbortSignal,
): Promise<Look> => {
  const part = `MCP server ${name}`
  const lease = pool.acquire(server, SILENT)
  const onAbort = () => void lease.connection.close()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    signal.throwIfAborted()
    const tools = await lease.connection.tools()
    const names = offeredBy(tools, server).map((tool) => tool.name)
    const problem = unfit(
      tools.map((tool) => tool.name),
      server,
    )
    return {
      check: problem ? { part, ...problem } : { part, ok: true, detail: detailOf(tools.length, names) },
      names,
    }
  } catch (error) {
    const isKnown = error instanceof McpServerError
    const problem = signal.aborted ? 'it did not connect before the check was ended' : messageOf(error)
    const fix = isKnown ? error.fix : 'Is it running?'
    return { check: { part, ok: false, problem, fix }, names: [] }
  } finally {
    signal.removeEventListener('abort', onAbort)
    lease.release()
  }
}

const detailOf = (count: number, offered: readonly string[]): string => {
  const left = count - offered.length
  const which = offered.length === 0 ? '' : `: ${offered.join(', ')}`
  return `${counted(offered.length)}${left === 0 ? '' : ` (${left} more are left out)`}${which}`
}

const counted = (count: number): string => (count === 1 ? '1 tool' : `${count} tools`)

type Problem = CheckResult & { ok: false }

/** A name that fits no tool is a slip of the pen, and one among the approvals is a tool that nobody is asked about. */
const unfit = (
  names: readonly string[],
  { tools = [], approval }: McpServerSettings,
): Problem | undefined => {
  const asked = Array.isArray(approval) ? approval : []
  const [pattern] = [...tools, ...asked].filter((wanted) => !names.some((name) => fitsAny(name, [wanted])))
  if (pattern === undefined) return undefined
  return {
    ok: false,
    problem: `its settings name "${pattern}", and it has no such tool`,
    fix: `It has: ${names.join(', ') || 'none'}.`,
  }
}

/** Names of client tools are not known here, but those need no approval. */
const lookAtApproval = ({ approval }: ToolSettings, looks: readonly Look[]): ToolCheck[] => {
  if (!Array.isArray(approval)) return []
  const names = looks.flatMap((look) => look.names)
  return approval
    .filter((wanted) => !names.some((name) => fitsAny(name, [wanted])))
    .map((wanted) => ({
      part: 'approval',
      ok: false,
      problem: `it names "${wanted}", and there is no such tool`,
      fix: `There are: ${names.join(', ') || 'none'}.`,
    }))
}
