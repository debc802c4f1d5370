import type { RunAgentInput } from '@ag-ui/client'
import { messageOf } from '../../errors.ts'
import type { Logger } from '../../logger.ts'
import { OVER, sleep } from '../../sleep.ts'
import type { ToolCall, ToolOutcome } from './tools/tool.ts'

/** What a hook may take; the run goes on without it then. */
const HOOK_MS_MAX = 5_000

export interface HookRun {
  readonly input: RunAgentInput
  /** Aborts when the run is stopped. */
  readonly signal: AbortSignal
}

export type HookEnd = 'finished' | 'interrupted' | 'failed' | 'stopped'

/**
 * Told of what an agent does, in order; the run waits for each, 5 s at most, and not where it was stopped. What a hook
 * throws is logged and changes nothing.
 */
export interface AgentHooks {
  onBegin?(run: HookRun): unknown
  onToolStart?(run: HookRun, call: ToolCall): unknown
  onToolEnd?(run: HookRun, call: ToolCall, outcome: ToolOutcome): unknown
  onDone?(run: HookRun, end: HookEnd, error?: unknown): unknown
}

export type TellHook = <Name extends keyof AgentHooks>(
  name: Name,
  ...args: Parameters<NonNullable<AgentHooks[Name]>> extends [HookRun, ...infer More] ? More : never
) => Promise<void>

export const hooksOf =
  (hooks: AgentHooks, run: HookRun, logger: Logger): TellHook =>
  async (name, ...args) => {
    const hook = hooks[name] as ((run: HookRun, ...args: unknown[]) => unknown) | undefined
    if (hook === undefined) return
    const limit = new AbortController()
    const failed = (error: unknown) =>
      logger.warn('A hook of an agent failed', { hook: name, error: messageOf(error) })
    const told = (async () => hook.call(hooks, run, ...args))().catch(failed)
    const late = sleep(HOOK_MS_MAX, AbortSignal.any([limit.signal, run.signal])).then(() => {
      if (!limit.signal.aborted && !run.signal.aborted) failed(`it took longer than ${HOOK_MS_MAX / 1000} s`)
    })
    await Promise.race([told, late])
    limit.abort(OVER)
  }
