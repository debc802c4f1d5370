import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import type { McpServerSettings } from '../settings.ts'
import { GuardedStdioTransport } from './guarded-stdio.ts'
import { watchedFetch } from './watched-fetch.ts'

/** JSON-RPC code, of the range that is left to implementations, for a request whose answer cannot come any more. */
export const ANSWER_LOST = -32098

const COMPLAINT_CHARACTERS_MAX = 500

export interface MadeTransport {
  transport: Transport
  /** The end of what its program wrote to standard error. */
  complaint(): string
  /** Tells the server that its session is over, where there are sessions. */
  endSession(): Promise<void>
}

const NOTHING = { complaint: () => '', endSession: async () => {} }

export const makeTransport = (settings: McpServerSettings): MadeTransport => {
  if (settings.transport === 'stdio') return ofProgram(settings)
  const url = new URL(settings.url)
  const requestInit = { headers: settings.headers }
  if (settings.transport === 'sse')
    return { ...NOTHING, transport: new SSEClientTransport(url, { requestInit }) }
  const transport: StreamableHTTPClientTransport = new StreamableHTTPClientTransport(url, {
    requestInit,
    fetch: watchedFetch((id) =>
      transport.onmessage?.({
        jsonrpc: '2.0',
        id,
        error: { code: ANSWER_LOST, message: 'the connection ended before the answer came' },
      }),
    ),
  })
  return { ...NOTHING, transport: transport as Transport, endSession: () => transport.terminateSession() }
}

const ofProgram = ({
  command,
  args,
  env,
  cwd,
}: McpServerSettings & { transport: 'stdio' }): MadeTransport => {
  const transport = new GuardedStdioTransport({ command, args, env, cwd, stderr: 'pipe' })
  let complaint = ''
  transport.stderr?.on('data', (chunk: Buffer) => {
    complaint = `${complaint}${chunk}`.slice(-COMPLAINT_CHARACTERS_MAX)
  })
  return { ...NOTHING, transport, complaint: () => complaint }
}
