import { existsSync } from 'node:fs'
import { ErrorCode, McpError } from '@modelcontextprotocol/sdk/types.js'
import { messageOf } from '../../../../errors.ts'
import type { McpServerSettings } from '../settings.ts'
import { McpServerError } from './mcp-error.ts'
import { placeOf, withoutSecrets } from './server-secrets.ts'

/** Why a server could not be connected to, for a person who has to mend it. */
export const describeFailure = (
  error: unknown,
  settings: McpServerSettings,
  /** The end of what its program wrote to standard error. */
  complaint = '',
): McpServerError => {
  if (error instanceof McpServerError) return error
  const [problem, fix] =
    settings.transport === 'stdio'
      ? ofProgram(error, settings, complaint)
      : (ofStatus(statusOf(error), settings) ?? ofAddress(error, settings))
  return new McpServerError(withoutSecrets(problem, settings), fix)
}

export const tooSlow = (settings: McpServerSettings): McpServerError =>
  new McpServerError(
    `it did not connect and list its tools within ${settings.connect_timeout} s (${placeOf(settings)})`,
    'See what it does when it starts, or raise its connect_timeout.',
  )

type Told = [problem: string, fix: string]

const ofProgram = (
  error: unknown,
  { command, cwd }: McpServerSettings & { transport: 'stdio' },
  complaint: string,
): Told => {
  if (cwd !== undefined && !existsSync(cwd))
    return [`there is no folder ${cwd}`, 'Correct its cwd; a path counts from where the worker was started.']
  const code = codeOf(error)
  if (code === 'ENOENT')
    return [
      `there is no program "${command}"`,
      'Install it, or give its whole path: PATH is that of the worker.',
    ]
  if (code === 'EACCES')
    return [
      `its program "${command}" may not be executed`,
      'Correct its command, or the permissions of the file.',
    ]
  const said = complaint.trim() === '' ? '' : `; it wrote: ${complaint.trim()}`
  if (error instanceof McpError && error.code === ErrorCode.ConnectionClosed)
    return [
      `its program "${command}" ended before it had answered${said}`,
      'Run the command by hand, with no more than the env that the settings name.',
    ]
  return [`${messageOf(error)}${said}`, 'Is its program an MCP server over standard input and output?']
}

const ofStatus = (status: number | undefined, settings: McpServerSettings): Told | undefined => {
  const place = placeOf(settings)
  if (status === 401 || status === 403)
    return [
      `${place} refuses the credentials (HTTP ${status})`,
      'Correct its headers, such as authorization.',
    ]
  if (status === 404 || status === 405)
    return [
      `there is no MCP server of this transport at ${place} (HTTP ${status})`,
      'Correct the path of its url, or its transport: sse and streamable_http are not the same.',
    ]
  if (status !== undefined) return [`${place} answered HTTP ${status}`, 'Look at what the server logs.']
  return undefined
}

const ofAddress = (error: unknown, settings: McpServerSettings): Told => {
  const place = placeOf(settings)
  const code = codeOf(error)
  if (error instanceof McpError) return [`${place}: ${messageOf(error)}`, 'Is it an MCP server?']
  return [
    `${place} cannot be reached: ${code ?? reasonOf(error as Caused)}`,
    'Is it running there? Correct its url, or start it.',
  ]
}

/** Of a refused HTTP request: the SDK's errors carry it as their code, or in their text alone. */
export const statusOf = (error: unknown): number | undefined => {
  if (error instanceof McpError) return undefined
  const { code } = error as { code?: unknown }
  if (typeof code === 'number') return code >= 100 ? code : undefined
  const [, status] = /\(HTTP (\d{3})\)/.exec(messageOf(error)) ?? []
  return status === undefined ? undefined : Number(status)
}

/** Of the system: ECONNREFUSED. */
export const codeOf = (error: unknown): string | undefined => {
  for (
    let cause = error as Caused | undefined;
    cause !== undefined;
    cause = cause.cause ?? cause.errors?.[0]
  ) {
    if (typeof cause.code === 'string') return cause.code
  }
  // The library under the older transport keeps no more than the text.
  return /\b(ECONN[A-Z]+|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH)\b/.exec(messageOf(error))?.[0]
}

/** fetch tells no more than that it failed; why is in the cause. */
const reasonOf = (error: Caused): string =>
  error.cause === undefined ? messageOf(error) : reasonOf(error.cause)

interface Caused {
  code?: unknown
  cause?: Caused
  errors?: Caused[]
}
