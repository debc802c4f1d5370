import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { CodeTool } from '../../../../src/agents/built-in/tools/code-tool.ts'
import { createMcpPool, type McpPool } from '../../../../src/agents/built-in/tools/mcp/pool.ts'
import {
  type McpServerSettings,
  mcpServerSettings,
  toolSettings,
} from '../../../../src/agents/built-in/tools/settings.ts'
import {
  openToolBox,
  type ToolBox,
  type ToolBoxOptions,
} from '../../../../src/agents/built-in/tools/tool-box.ts'
import type { Logger } from '../../../../src/logger.ts'
import { sleep } from '../../../../src/sleep.ts'

const PROGRAM = fileURLToPath(new URL('./mcp-server.ts', import.meta.url))

export const TRANSPORTS = ['stdio', 'sse', 'streamable_http'] as const
export type TransportName = (typeof TRANSPORTS)[number]

/** Every line that was logged, as JSON. */
export const listeningLogger = (): Logger & { lines: string[] } => {
  const lines: string[] = []
  const write = (message: string, fields?: object) => void lines.push(JSON.stringify({ message, ...fields }))
  return { lines, info: write, warn: write, error: write }
}

interface ServerOptions {
  /** More of its settings. */
  more?: object
  env?: Record<string, string>
}

export interface TestServer {
  settings: McpServerSettings
  /** Ends it as a crash does. A program on standard input is known by its pid alone. */
  kill(pid?: number): Promise<void>
  /** At the same address again. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** A real MCP server, ended with the test. */
export const useServer = async (
  transport: TransportName,
  options: ServerOptions = {},
): Promise<TestServer> => {
  const server = await startServer(transport, options)
  onTestFinished(() => server.stop())
  return server
}

/** Those over HTTP run at once; the client starts the others. */
export const startServer = async (
  transport: TransportName,
  { more = {}, env = {} }: ServerOptions = {},
): Promise<TestServer> => {
  if (transport === 'stdio') {
    const settings = mcpServerSettings.parse({
      transport,
      command: process.execPath,
      args: [PROGRAM, 'stdio'],
      env,
      ...more,
    })
    const kill = async (pid = 0) => {
      process.kill(pid, 'SIGKILL')
      await until(() => !isAlive(pid))
    }
    return { settings, kill, restart: async () => {}, stop: async () => {} }
  }
  let running = await start(transport, '0', env)
  const { port } = running
  const kill = async () => await end(running.child)
  return {
    settings: mcpServerSettings.parse({ transport, url: `http://127.0.0.1:${port}/mcp`, ...more }),
    kill,
    stop: kill,
    restart: async () => {
      running = await start(transport, port, env)
    },
  }
}

const start = async (transport: string, port: string, env: Record<string, string>) => {
  const child = spawn(process.execPath, [PROGRAM, transport, port], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  })
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  return { child, port: String(line) }
}

const end = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

/** Where nothing listens. */
export const useClosedAddress = async (): Promise<string> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return `http://127.0.0.1:${port}`
}

export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

export const until = async (isTrue: () => boolean | Promise<boolean>, limitMs = 5000): Promise<void> => {
  const from = performance.now()
  while (!(await isTrue())) {
    if (performance.now() - from > limitMs) throw new Error(`Not so within ${limitMs} ms: ${isTrue}`)
    await sleep(20)
  }
}

export interface BoxOptions {
  settings?: object
  tools?: CodeTool[]
  clientTools?: ToolBoxOptions['clientTools']
  pool?: McpPool
  logger?: Logger
  signal?: AbortSignal
}

/** A box with a pool of its own, closed with the test. */
export const useBox = async (options: BoxOptions = {}): Promise<ToolBox> => {
  const {
    settings = {},
    tools = [],
    clientTools = [],
    pool = usePool(),
    logger = listeningLogger(),
  } = options
  const box = await openToolBox(
    {
      settings: toolSettings.parse(settings),
      tools,
      clientTools,
      context: { threadId: 'thread', runId: 'run', logger },
      signal: options.signal ?? new AbortController().signal,
    },
    pool,
  )
  onTestFinished(() => box.close())
  return box
}

export const usePool = (options: Parameters<typeof createMcpPool>[0] = {}): McpPool => {
  const pool = createMcpPool(options)
  // After the boxes, which are closed first where they were made later.
  onTestFinished(() => pool.close())
  return pool
}

/** Calls a tool, with arguments as a model writes them. */
export const call = async (
  box: ToolBox,
  name: string,
  args: object = {},
  signal: AbortSignal = new AbortController().signal,
) => await box.call({ id: `call-${name}`, name, args: JSON.stringify(args) }, signal)

/** What a tool that goes well says. */
export const say = async (box: ToolBox, name: string, args: object = {}): Promise<string> => {
  const { content, isError } = await call(box, name, args)
  if (isError) throw new Error(content)
  return content
}
