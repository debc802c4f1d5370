import type { BaseEvent, RunAgentInput } from '@ag-ui/client'
import type { ErrorCode } from '../errors.ts'
import { type AnyEvent, toBaseEvent } from './event.ts'
import type { OpenItems, OpenToolCall, Scope } from './open-items.ts'

/** How a run came to its end without a terminal event of its own. */
export interface RunEnding {
  /** `stopped`: someone asked for it. `ended`: the agent left off. `failed`: it threw, or its worker is gone. */
  reason: 'stopped' | 'ended' | 'failed'
  threadId: string
  runId: string
  /** What was thrown, or why. @default CopilotKit's own text for the reason */
  message?: string
  /** Of the RUN_ERROR. @default 'INCOMPLETE_STREAM' */
  code?: ErrorCode
  /** For the RUN_STARTED of a run that was stopped before its first event: see startedInput. */
  input?: RunAgentInput
}

const STOPPED = 'Run stopped by user'
const INCOMPLETE = 'Run ended without emitting a terminal event'

/**
 * The events that close a run which has no terminal event: none where it has one. For text messages and tool
 * calls they are those of CopilotKit's `finalizeRunEvents`, which leaves the other kinds open. `open` is not
 * changed: let it observe what is appended.
 */
export const finalizeRun = (open: OpenItems, ending: RunEnding): BaseEvent[] => {
  if (open.ended) return []
  const message = messageFor(ending)
  const { reason, threadId, runId, input } = ending
  // A stopped run was real, and AG-UI wants RUN_STARTED before RUN_FINISHED. A run that failed before its
  // first event gets a lone RUN_ERROR, which is valid and leaves no phantom run in a client.
  const opening: AnyEvent[] =
    reason === 'stopped' && !open.begun
      ? [{ type: 'RUN_STARTED', threadId, runId, ...(input !== undefined && { input }) }]
      : []
  const terminal: AnyEvent =
    reason === 'stopped'
      ? { type: 'RUN_FINISHED', threadId, runId }
      : { type: 'RUN_ERROR', message, code: errorCode(ending) }
  return [...opening, ...closersOf(open, ending, message), terminal].map(toBaseEvent)
}

/**
 * What 0.0.59 lets an agent leave open at its own RUN_FINISHED and 1.0.0 does not: reasoning. To be appended
 * before that event, or a 1.0.0 client rejects the run, and with it every replay of the thread.
 */
export const closeReasoning = (open: OpenItems): BaseEvent[] =>
  [
    ...reasoningClosers(open),
    ...open.scopes
      .filter(({ kind }) => kind === 'reasoning' || kind === 'thinking')
      .reverse()
      .map((scope) => scopeCloser(scope, INCOMPLETE)),
  ].map(toBaseEvent)

/** The events that close all that is open, of a run that goes on. */
export const closeOpen = (open: OpenItems, message: string): BaseEvent[] =>
  closersOf(open, { reason: 'ended', threadId: '', runId: '' }, message).map(toBaseEvent)

const errorCode = ({ reason, code }: RunEnding): ErrorCode | undefined =>
  reason === 'stopped' ? undefined : (code ?? 'INCOMPLETE_STREAM')

const messageFor = ({ reason, message }: RunEnding): string => {
  if (reason === 'stopped') return message ?? STOPPED
  // As the peer: an agent that throws the text of a stop nobody asked for, or no text, just ended.
  return message && message !== STOPPED ? message : INCOMPLETE
}

/** Inner first: what holds content, then what wraps it, the latest opened before the earlier ones. */
const closersOf = (open: OpenItems, ending: RunEnding, message: string): AnyEvent[] => [
  ...[...open.texts].map((messageId) => ({ type: 'TEXT_MESSAGE_END', messageId })),
  ...[...open.toolCalls].flatMap(([id, call]) => toolCallClosers(id, call, resultContent(ending, message))),
  ...reasoningClosers(open),
  ...open.scopes.reverse().map((scope) => scopeCloser(scope, message, errorCode(ending))),
]

const reasoningClosers = (open: OpenItems): AnyEvent[] => [
  ...[...open.reasoningMessages].map((messageId) => ({ type: 'REASONING_MESSAGE_END', messageId })),
  ...(open.thinkingText ? [{ type: 'THINKING_TEXT_MESSAGE_END' }] : []),
]

const toolCallClosers = (toolCallId: string, call: OpenToolCall, content: string): AnyEvent[] => {
  const end = { type: 'TOOL_CALL_END', toolCallId }
  const result = {
    type: 'TOOL_CALL_RESULT',
    toolCallId,
    messageId: `${toolCallId}-result`,
    role: 'tool',
    content,
  }
  return [...(call.ended ? [] : [end]), ...(call.answered ? [] : [result])]
}

/** What the model reads in the place of the tool's answer; the peer's words. */
const resultContent = ({ reason }: RunEnding, message: string): string =>
  JSON.stringify(
    reason === 'stopped'
      ? { status: 'stopped', reason: 'stop_requested', message }
      : { status: 'error', reason: 'missing_terminal_event', message },
  )

const scopeCloser = (scope: Scope, message: string, code?: ErrorCode): AnyEvent => {
  switch (scope.kind) {
    case 'step': {
      const { stepName, subagentRunId } = scope
      // A step is its owner's: closed without the tag, it would stay open and another one be closed.
      return { type: 'STEP_FINISHED', stepName, ...(subagentRunId !== undefined && { subagentRunId }) }
    }
    case 'subagent': {
      // SUBAGENT_FINISHED would say that it succeeded, which a stopped one did not either.
      const { subagentRunId } = scope
      return { type: 'SUBAGENT_ERROR', subagentRunId, message, ...(code !== undefined && { code }) }
    }
    case 'reasoning':
      return { type: 'REASONING_END', messageId: scope.messageId }
    case 'thinking':
      return { type: 'THINKING_END' }
  }
}
