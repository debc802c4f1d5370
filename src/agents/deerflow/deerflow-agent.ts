import { randomUUID } from 'node:crypto'
import { messageOf } from '../../errors.ts'
import { AgentError } from '../agent-error.ts'
import { secretsInHeaders } from '../header-secrets.ts'
import { redact } from '../redact.ts'
import { type AgentEnd, type AgentRun, StreamingAgent } from '../streaming-agent.ts'
import { lastUserMessage, textOf } from '../user-input.ts'
import { DeerflowApi, isNotFound } from './api.ts'
import { finishRun } from './finish-run.ts'
import { Mapping } from './mapping.ts'
import { DeerflowMemory } from './memory.ts'
import { type Resumption, resumptionOf } from './resumption.ts'
import { runRequest, variablesIn } from './run-request.ts'
import { RunStream } from './run-stream.ts'
import { type DeerflowSettings, requestHeaders } from './settings.ts'
import { deerflowThreadId } from './thread-id.ts'
import { type EnteredMessage, historyOf, userMessage } from './user-message.ts'

const CANCEL_MS_MAX = 700

/** One run at DeerFlow, with what it needs. */
interface Turn extends AgentRun {
  settings: DeerflowSettings
  api: DeerflowApi
  threadId: string
  kept: DeerflowMemory
  resumption: Resumption
  /** What DeerFlow is told: all that was said, or only what is new. */
  extent: 'history' | 'last'
}

/** An agent of DeerFlow 2.x, through its gateway. */
export class DeerflowAgent extends StreamingAgent<DeerflowSettings> {
  protected override secrets(): readonly string[] {
    return secretsInHeaders(requestHeaders(this.settings))
  }

  protected override async play(run: AgentRun): Promise<AgentEnd> {
    const { input, events, signal } = run
    const kept = new DeerflowMemory(run.memory)
    const variables = variablesIn(input.forwardedProps)
    if (variables !== undefined) kept.update({ variables: { ...kept.kept.variables, ...variables } })
    const api = new DeerflowApi(this.settings)
    const threadId = kept.kept.thread_id ?? deerflowThreadId(input.threadId)
    const resumption = resumptionOf(kept.kept.pending ?? {}, input.resume)
    const turn: Turn = { ...run, settings: this.settings, api, threadId, kept, resumption, extent: 'last' }
    if (kept.kept.thread_id === undefined) return await this.converse(await opened(turn))
    try {
      return await this.converse(turn)
    } catch (error) {
      if (!isNotFound(error)) throw error
      if (resumption.command !== undefined) throw gone(kept)
      await api.createThread(threadId, signal)
      const message = 'DeerFlow no longer has this thread: a new one was begun with what was said in it.'
      events.custom('notice', { code: 'CONVERSATION_LOST', message })
      return await this.converse({ ...turn, extent: 'history' })
    }
  }

  /** @throws AgentError with status 404 where DeerFlow does not have the thread, before anything is told */
  private async converse(turn: Turn): Promise<AgentEnd> {
    const { input, events, signal, kept, resumption } = turn
    const stream = new RunStream(turn.api, turn.threadId, signal)
    const mapping = new Mapping(events, input)
    turn.onStop((limit) => stream.cancel(limit))
    const { command } = resumption
    const told = command === undefined ? { messages: await messagesOf(turn) } : { command }
    let isTold = false
    try {
      for await (const frame of stream.frames(runRequest(this.settings, kept.kept.variables ?? {}, told))) {
        if (!isTold) answerQuestions(turn)
        isTold = true
        mapping.take(frame)
      }
    } catch (error) {
      await giveUp(turn, stream)
      throw error
    }
    return await finishRun(turn, stream, mapping)
  }
}

/** A thread of which nothing is remembered. DeerFlow may have it nevertheless: its own users name threads too. */
const opened = async (turn: Turn): Promise<Turn> => {
  const { api, input, threadId, signal, kept } = turn
  const hasHistory = input.messages.some(({ role }) => role === 'assistant')
  const isNew = hasHistory && !(await api.knows(threadId, signal))
  await api.createThread(threadId, signal)
  kept.update({ thread_id: threadId })
  return { ...turn, extent: isNew ? 'history' : 'last' }
}

/** @throws AgentError INPUT_INVALID where there is nothing to say */
const messagesOf = async (turn: Turn): Promise<EnteredMessage[]> => {
  const { input, resumption, extent, api, threadId, signal } = turn
  const last = lastUserMessage(input)
  // With answers to questions, what was said before them is known already.
  const isNew = resumption.messages.length === 0 || input.messages.at(-1) === last
  const upload = (file: Blob, filename: string) => api.upload(threadId, file, filename, signal)
  const entered = last === undefined || !isNew ? [] : [await userMessage(last, input.runId, upload)]
  const before =
    isNew && last !== undefined ? input.messages.slice(0, input.messages.indexOf(last)) : input.messages
  const history = extent === 'history' ? historyOf(before, input.runId) : []
  const messages = [...history, ...resumption.messages, ...entered]
  if (messages.length > 0) return messages
  throw new AgentError('INPUT_INVALID', 'DeerFlow needs a message of a user: the input has none.')
}

/** The calls that asked get what was answered as their results: from the resumption, or from what was said instead. */
const answerQuestions = ({ events, kept, resumption, input }: Turn): void => {
  const { pending } = kept.kept
  if (pending === undefined) return
  const said = lastUserMessage(input)
  const answered = new Set(resumption.results.map(({ toolCallId }) => toolCallId))
  const others = Object.values(pending).flatMap((waits) =>
    waits.kind === 'clarification' && !answered.has(waits.tool_call_id) && said !== undefined
      ? [{ toolCallId: waits.tool_call_id, content: textOf(said) }]
      : [],
  )
  for (const { toolCallId, content } of [...resumption.results, ...others])
    events.emit({ type: 'TOOL_CALL_RESULT', messageId: randomUUID(), toolCallId, role: 'tool', content })
  kept.update({ pending: undefined })
}

/** A run that is of no use any more is ended at DeerFlow too, where the closed connection does not end it. */
const giveUp = async ({ signal, logger, threadId, settings }: Turn, stream: RunStream): Promise<void> => {
  // Whoever stopped the run has DeerFlow told.
  if (signal.aborted) return
  await stream.cancel(AbortSignal.timeout(CANCEL_MS_MAX)).catch((error) => {
    const told = redact(messageOf(error), secretsInHeaders(requestHeaders(settings)))
    logger.warn('DeerFlow was not told that a run has failed', { threadId, runId: stream.runId, error: told })
  })
}

/** An interrupt of the graph goes with its thread. */
const gone = (kept: DeerflowMemory): AgentError => {
  kept.update({ pending: undefined })
  return new AgentError(
    'PLATFORM_REFUSED',
    'DeerFlow no longer has the thread of this interrupt: it cannot be answered any more. Ask again.',
  )
}
