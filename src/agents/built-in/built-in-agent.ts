import { messageOf } from '../../errors.ts'
import { OVER, sleep } from '../../sleep.ts'
import { ModelChain } from '../providers/model-chain.ts'
import { secretsOf } from '../providers/settings.ts'
import { redact } from '../redact.ts'
import {
  type AgentEnd,
  type AgentRun,
  StreamingAgent,
  type StreamingAgentConfig,
} from '../streaming-agent.ts'
import { choicesOf, type Providers } from './choices.ts'
import { type AgentHooks, hooksOf, type TellHook } from './hooks.ts'
import { Loop } from './loop.ts'
import type { BuiltInSettings } from './settings.ts'
import type { CodeTool } from './tools/code-tool.ts'
import { secretsOfServer } from './tools/mcp/server-secrets.ts'
import { openToolBox, type ToolBox } from './tools/tool-box.ts'

/** What tools may take to let go of what they have, after a run and after one that was stopped. */
const CLOSE_MS_MAX = 5_000
const STOPPED_CLOSE_MS_MAX = 500

export interface BuiltInConfig extends StreamingAgentConfig {
  /** Chat providers that the settings name by id. @default none */
  providers?: Providers
  /** Tools from code: see defineTool. @default none */
  tools?: readonly CodeTool[]
  /** @default none */
  hooks?: AgentHooks
  /** Where the tools of a run come from. @default the tools above, MCP servers of the settings and the client's */
  openTools?: typeof openToolBox
}

type Parts = Required<Pick<BuiltInConfig, 'providers' | 'tools' | 'hooks' | 'openTools'>>

/**
 * An agent of its own: a loop around single-turn completions of a chat provider, with tools.
 * @throws RunnerError CONFIG_INVALID where the settings name a provider that is not there
 */
export class BuiltInAgent extends StreamingAgent<BuiltInSettings> {
  private parts: Parts

  constructor(
    settings: BuiltInSettings,
    { providers = {}, tools = [], hooks = {}, openTools = openToolBox, ...config }: BuiltInConfig = {},
  ) {
    super(settings, config)
    choicesOf(settings, providers)
    this.parts = { providers, tools, hooks, openTools }
  }

  override clone(): this {
    const cloned: this = super.clone()
    cloned.parts = this.parts
    return cloned
  }

  protected override secrets(): readonly string[] {
    const { mcp_servers } = this.settings
    const choices = choicesOf(this.settings, this.parts.providers)
    const secrets = [
      ...choices.flatMap(({ provider }) => secretsOf(provider)),
      ...Object.values(mcp_servers).flatMap(secretsOfServer),
    ]
    // One may be a part of another.
    return secrets.sort((one, other) => other.length - one.length)
  }

  protected async play(run: AgentRun): Promise<AgentEnd> {
    const { input, signal, logger } = run
    const tell = hooksOf(this.parts.hooks, { input, signal }, logger)
    await tell('onBegin')
    try {
      const end = await this.playWithTools(run, tell)
      await tell('onDone', end && 'interrupts' in end ? 'interrupted' : 'finished')
      return end
    } catch (error) {
      await tell('onDone', signal.aborted ? 'stopped' : 'failed', error)
      throw error
    }
  }

  private async playWithTools(run: AgentRun, tell: TellHook): Promise<AgentEnd> {
    const { settings } = this
    const { providers } = this.parts
    const chain = new ModelChain({
      choices: choicesOf(settings, providers),
      settings,
      logger: run.logger,
      onFallback: (failure, { id, modelId }) => {
        const name = id === undefined ? modelId : `${id} (${modelId})`
        run.logger.warn('A chat provider failed; another one is asked', {
          agent: this.agentId,
          error: this.told(failure),
          next: name,
        })
        run.events.custom('notice', {
          code: 'PROVIDER_FALLBACK',
          message: `${this.told(failure)} ${name} is asked from now on.`,
        })
      },
    })
    const box = await this.openBox(run)
    try {
      return await new Loop({ run, settings, box, chain, tell }).run()
    } finally {
      await this.closeBox(box, run)
    }
  }

  private async openBox({ input, signal, logger }: AgentRun): Promise<ToolBox> {
    const { tools, openTools } = this.parts
    signal.throwIfAborted()
    return await openTools({
      settings: this.settings,
      tools,
      clientTools: input.tools ?? [],
      context: { threadId: input.threadId, runId: input.runId, logger },
      signal,
    })
  }

  /** What does not let go in time does so by itself, or never: the run is not kept by it. */
  private async closeBox(box: ToolBox, { signal, logger }: AgentRun): Promise<void> {
    const failed = (error: unknown) =>
      logger.warn('The tools of a run were not closed', { agent: this.agentId, error: messageOf(error) })
    const ms = signal.aborted ? STOPPED_CLOSE_MS_MAX : CLOSE_MS_MAX
    const limit = new AbortController()
    const late = sleep(ms, limit.signal).then(() => {
      if (!limit.signal.aborted) failed(`it took longer than ${ms / 1000} s`)
    })
    await Promise.race([box.close().catch(failed), late])
    limit.abort(OVER)
  }

  private told(error: Error): string {
    return redact(error.message, this.secrets())
  }
}
