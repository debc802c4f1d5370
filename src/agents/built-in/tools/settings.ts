import { z } from 'zod'
import { headersSetting } from '../../header-settings.ts'

const names = z.array(z.string().min(1))

const approval = z
  .union([z.literal('all'), z.literal('none'), names])
  .describe(
    'Tools whose calls a person has to agree to: all, none, or a list of names, in which * stands for any characters. ' +
      'A tool from code that asks for it itself always needs it.',
  )

const seconds = z.number().positive().max(86_400)

/** What every MCP server has, whatever its transport. */
const server = {
  enabled: z.boolean().default(true).describe('Whether the server is used. Default: true'),
  tools: names
    .optional()
    .describe(
      'The tools of this server that are offered, by its own names; * stands for any characters. Default: all',
    ),
  approval: approval
    .optional()
    .describe('As `approval` of the agent, for the tools of this server. Default: that of the agent'),
  timeout: seconds
    .optional()
    .describe('How long a call of one of its tools may take, in seconds. Default: tool_call_timeout'),
  connect_timeout: seconds
    .default(10)
    .describe('How long connecting and listing its tools may take, in seconds. Default: 10'),
}

const remote = {
  ...server,
  url: z.url({ protocol: /^https?$/ }).describe('Where the server is'),
  headers: headersSetting.default({}).describe('Sent with each request, such as authorization'),
}

const stdio = z.strictObject({
  ...server,
  transport: z.literal('stdio').describe('The server is a program that the worker starts'),
  command: z.string().min(1).describe('The program'),
  args: z.array(z.string()).default([]).describe('Its arguments'),
  env: z
    .record(z.string(), z.string())
    .default({})
    .describe(
      "Its environment, added to HOME, LOGNAME, PATH, SHELL, TERM and USER; nothing else of the worker's is passed on",
    ),
  cwd: z.string().min(1).optional().describe('Its working folder. Default: that of the worker'),
})

const sse = z.strictObject({
  ...remote,
  transport: z.literal('sse').describe('HTTP with server-sent events, the older of the two'),
})

const streamableHttp = z.strictObject({
  ...remote,
  transport: z.literal('streamable_http').describe('Streamable HTTP'),
})

export const mcpServerSettings = z.discriminatedUnion('transport', [stdio, sse, streamableHttp])

/** One MCP server. */
export type McpServerSettings = z.infer<typeof mcpServerSettings>

export const toolSettings = z.strictObject({
  tools: z
    .union([
      z
        .string()
        .min(1)
        .transform((path) => [path]),
      names,
    ])
    .default([])
    .describe('Modules that export tools made with defineTool: a path, or a list of paths. Default: none'),
  mcp_servers: z
    .record(z.string().regex(/^[\w.-]{1,64}$/), mcpServerSettings)
    .default({})
    .describe('MCP servers whose tools the agent may call, by a name of your choice'),
  approval: approval.default('none'),
  tool_call_timeout: seconds
    .default(120)
    .describe('How long a tool call may take, in seconds; then the model is told so. Default: 120'),
  tool_result_max: z
    .int()
    .min(1000)
    .max(900_000)
    .default(60_000)
    .describe(
      'Characters of a tool result that the model sees. Of a longer one it gets the beginning and the end; the rest is kept nowhere. Default: 60,000',
    ),
})

/** What the built-in agent's settings say of tools. */
export type ToolSettings = z.infer<typeof toolSettings>
