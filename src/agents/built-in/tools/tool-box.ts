import type { RunAgentInput } from '@ag-ui/client'
import type { Logger } from '../../../logger.ts'
import { parseArguments } from './arguments.ts'
import type { CodeTool } from './code-tool.ts'
import { guarded } from './guarded-call.ts'
import { type McpPool, mcpPool } from './mcp/pool.ts'
import { type Entry, Offer, type OfferedTool } from './offer.ts'
import { type UsedServer, useServers } from './server-tools.ts'
import type { ToolSettings } from './settings.ts'
import type { ToolCall, ToolOutcome, ToolSpec } from './tool.ts'
import { bounded, failure, textOfValue } from './tool-result.ts'

/** The tools of one run. */
export interface ToolBox {
  /** In a stable order; a server that gets new tools in the middle adds them at the end. */
  readonly specs: readonly ToolSpec[]
  /** What a person should know: servers whose tools are missing. Without secrets. */
  readonly notices: readonly string[]
  find(name: string): ToolSpec | undefined
  /** Never throws: what goes wrong is `error: …` for the model. Ends when the signal aborts, whatever the tool does. */
  call(call: ToolCall, signal: AbortSignal): Promise<ToolOutcome>
  /** Ends calls that are under way, and gives shared connections back. */
  close(): Promise<void>
}

export interface ToolBoxOptions {
  settings: ToolSettings
  tools: readonly CodeTool[]
  clientTools: RunAgentInput['tools']
  context: { threadId: string; runId: string; logger: Logger }
  signal: AbortSignal
}

/**
 * The tools of a run: those from code, those of the MCP servers in the order of the settings, those of the client.
 * A server that is down does not fail it: its tools are missing, and a notice says so.
 * @throws what the signal was aborted with
 */
export const openToolBox = async (
  options: ToolBoxOptions,
  /** For tests. @default the one of this process */
  pool: McpPool = mcpPool,
): Promise<ToolBox> => {
  const { settings, tools, clientTools, context, signal } = options
  const { logger } = context
  const offer = new Offer()
  offer.add(tools.map((tool) => codeTool(tool, settings, context)))
  const { servers, notices } = await useServers(settings, { pool, logger, signal })
  if (signal.aborted) for (const { lease } of servers) lease.release()
  signal.throwIfAborted()
  for (const notice of notices) logger.warn(notice, { threadId: context.threadId })
  for (const server of servers) offer.add(server.offered())
  offer.add(clientTools.filter((tool) => !isHidden(tool, offer, context)).map(clientTool))
  return new OpenBox(offer, servers, notices, settings)
}

class OpenBox implements ToolBox {
  readonly notices: readonly string[]
  readonly #offer: Offer
  readonly #servers: readonly UsedServer[]
  readonly #settings: ToolSettings
  readonly #closed = new AbortController()
  readonly #unsubscribe: (() => void)[]

  constructor(
    offer: Offer,
    servers: readonly UsedServer[],
    notices: readonly string[],
    settings: ToolSettings,
  ) {
    this.notices = notices
    this.#offer = offer
    this.#servers = servers
    this.#settings = settings
    this.#unsubscribe = servers.map(({ lease, offered }) =>
      lease.connection.onToolsChanged(() => offer.add(offered())),
    )
  }

  get specs(): readonly ToolSpec[] {
    return this.#offer.specs
  }

  find(name: string): ToolSpec | undefined {
    return this.#offer.find(name)?.spec
  }

  async call(call: ToolCall, signal: AbortSignal): Promise<ToolOutcome> {
    const entry = this.#offer.find(call.name)
    const { tool_result_max: charactersMax, tool_call_timeout } = this.#settings
    const outcome = await guarded((limit) => perform(entry, call, limit, this.#offer), {
      signal: AbortSignal.any([signal, this.#closed.signal]),
      timeoutMs: entry?.work?.timeoutMs ?? tool_call_timeout * 1000,
    })
    return bounded(outcome, charactersMax)
  }

  async close(): Promise<void> {
    this.#closed.abort()
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe()
    for (const { lease } of this.#servers) lease.release()
  }
}

const perform = async (
  entry: Entry | undefined,
  call: ToolCall,
  signal: AbortSignal,
  offer: Offer,
): Promise<ToolOutcome> => {
  const { name, args, origin } = call
  if (entry === undefined) return failure(`there is no tool "${name}". ${listed(offer.specs)}`)
  const { spec, work } = entry
  if (work === undefined) return failure(`"${name}" is a tool of the client, which calls it itself.`)
  if (origin !== undefined && origin !== spec.origin)
    return failure(`the tool "${name}" that was meant is not there now: this one is another of its name.`)
  const parsed = parseArguments(args)
  const checked = 'problem' in parsed ? parsed : await work.check(parsed.args)
  if ('problem' in checked) return failure(`"${name}" was not called, ${checked.problem}`)
  return await work.execute(checked.args, call, signal)
}

const listed = (specs: readonly ToolSpec[]): string =>
  specs.length === 0 ? 'There are none.' : `There are: ${specs.map(({ name }) => name).join(', ')}.`

const codeTool = (
  tool: CodeTool,
  settings: ToolSettings,
  context: ToolBoxOptions['context'],
): OfferedTool => ({
  ownName: tool.name,
  origin: 'code',
  description: tool.description,
  parameters: tool.parameters,
  approval: tool.approval,
  approvalSettings: settings.approval,
  work: {
    timeoutMs: settings.tool_call_timeout * 1000,
    check: tool.check,
    execute: async (args, { id: toolCallId }, signal) => ({
      content: textOfValue(await tool.execute(args, { ...context, signal, toolCallId })),
      isError: false,
    }),
  },
})

type ClientTool = RunAgentInput['tools'][number]

const clientTool = ({ name, description, parameters }: ClientTool): OfferedTool => ({
  ownName: name,
  origin: 'client',
  description,
  parameters: parameters ?? { type: 'object', properties: {} },
  // The client asks its person itself, if it wants to.
  approval: false,
  approvalSettings: 'none',
  work: undefined,
})

/** A client must not take the place of what runs here. */
const isHidden = (
  { name }: ClientTool,
  offer: Offer,
  { logger, threadId }: ToolBoxOptions['context'],
): boolean => {
  if (!offer.isTaken(name)) return false
  logger.warn('A tool of the client is left out: there is one of its name here', { tool: name, threadId })
  return true
}
