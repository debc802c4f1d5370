import { messageOf } from '../../errors.ts'
import { AgentError } from '../agent-error.ts'
import { secretsInHeaders } from '../header-secrets.ts'
import { redact } from '../redact.ts'
import type { Usage } from '../run-events.ts'
import type { AgentEnd, AgentRun } from '../streaming-agent.ts'
import type { DeerflowApi, RunRecord } from './api.ts'
import type { Mapping } from './mapping.ts'
import type { DeerflowMemory } from './memory.ts'
import type { RunStream } from './run-stream.ts'
import { type DeerflowSettings, requestHeaders } from './settings.ts'

/** The run has ended: its record and its state are worth waiting for, not long. */
const LOOK_MS_MAX = 5_000

interface Ending extends AgentRun {
  api: DeerflowApi
  threadId: string
  kept: DeerflowMemory
  settings: DeerflowSettings
}

/**
 * What is left after DeerFlow's last frame: the run's record tells what it cost, and whether it failed without an
 * error in the stream.
 * @throws AgentError
 */
export const finishRun = async (ending: Ending, stream: RunStream, mapping: Mapping): Promise<AgentEnd> => {
  const { events, kept, settings } = ending
  const record = (await look(ending, 'record', (signal) => recordOf(ending, stream, signal))) ?? {}
  const usage = usageOf(record, mapping.stream.usage)
  if (usage !== undefined) events.usage(usage)
  if (record.stop_reason) events.custom('deerflow.stop_reason', record.stop_reason)
  const { interrupts, pending } = mapping.waits()
  const failure =
    mapping.stream.failure ??
    failureOf(record, interrupts.length > 0, stream.rejoined, settings.on_disconnect)
  if (failure !== undefined) throw failure
  if (stream.gap) {
    const { api, threadId } = ending
    mapping.takeValues(await look(ending, 'state', (signal) => api.values(threadId, signal)))
  }
  mapping.snapshot()
  if (interrupts.length === 0) return undefined
  kept.update({ pending })
  return { interrupts }
}

const recordOf = async (
  { api, threadId }: Ending,
  { runId }: RunStream,
  signal: AbortSignal,
): Promise<RunRecord | undefined> =>
  runId === undefined ? undefined : await api.run(threadId, runId, signal)

/** What only adds to a run that has ended: it does not fail for the lack of it. */
const look = async <T>(
  { signal, logger, threadId, settings }: Ending,
  what: string,
  read: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> => {
  try {
    return await read(AbortSignal.any([signal, AbortSignal.timeout(LOOK_MS_MAX)]))
  } catch (error) {
    const told = redact(messageOf(error), secretsInHeaders(requestHeaders(settings)))
    logger.warn(`DeerFlow did not give the ${what} of a run that has ended`, { threadId, error: told })
    return undefined
  }
}

/** The record counts subagents and all else; without it, what the lead agent's messages say. */
const usageOf = (record: RunRecord, told: Usage): Usage | undefined => {
  const { model, ...tokens } = told
  const { total_input_tokens, total_output_tokens, total_tokens } = record
  if (total_tokens)
    return {
      inputTokens: total_input_tokens,
      outputTokens: total_output_tokens,
      totalTokens: total_tokens,
      ...(model !== undefined && { model }),
    }
  return Object.keys(tokens).length === 0 ? undefined : told
}

const failureOf = (
  { status }: RunRecord,
  waits: boolean,
  rejoined: boolean,
  on_disconnect: DeerflowSettings['on_disconnect'],
): AgentError | undefined => {
  // LangGraph's own servers call a run interrupted that waits for an answer.
  if (status === 'interrupted' && !waits)
    return rejoined && on_disconnect === 'cancel'
      ? new AgentError(
          'PLATFORM_UNREACHABLE',
          'The connection to DeerFlow broke off, and DeerFlow cancelled the run for that. With `on_disconnect: continue` it would have gone on.',
        )
      : new AgentError('AGENT_FAILED', 'The run was cancelled at DeerFlow.')
  if (status === 'error' || status === 'timeout')
    return new AgentError(
      'AGENT_FAILED',
      `DeerFlow’s run ended with the status “${status}”: see DeerFlow’s log.`,
    )
  return undefined
}
