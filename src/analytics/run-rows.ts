import type { RunFact, RunFactEvent } from '../fan-in/run-fact.ts'
import { elapsed } from './elapsed.ts'
import { messageRows } from './message-rows.ts'
import type { Row } from './tables.ts'
import { tokenUsage } from './token-usage.ts'
import { toolCallRows } from './tool-call-rows.ts'

/** What a run adds to the tables. */
export interface RunRows {
  /** UTC day of its beginning, or of its rejection, in days since 1970. */
  day: number
  run: Row<'runs'>
  events: Row<'events'>[]
  messages: Row<'messages'>[]
  toolCalls: Row<'tool_calls'>[]
}

const DAY_MS = 86_400_000

/** The rows of a run that ended, from the fact of its end with the events of all parts. */
export const rowsOfRun = (fact: RunFact, acceptedAt: number | undefined): RunRows => {
  const { events, startedAt } = fact
  const messages = messageRows(fact)
  const toolCalls = toolCallRows(fact)
  const firstDelta = events.find(({ type }) => DELTAS.has(type))?.time
  const run: Row<'runs'> = {
    thread_id: fact.threadId,
    run_id: fact.runId,
    command_id: fact.commandId,
    agent_id: fact.agentId,
    worker_id: fact.workerId,
    status: fact.fact,
    cause: fact.cause ?? null,
    code: fact.code ?? null,
    message: fact.message ?? null,
    accepted_at: acceptedAt ?? null,
    started_at: startedAt ?? null,
    ended_at: fact.time,
    duration_ms: elapsed(startedAt, fact.time),
    first_token_ms: elapsed(startedAt, firstDelta),
    events: events.reduce((sum, { count }) => sum + count, 0),
    messages: messages.length,
    tool_calls: toolCalls.length,
    ...tokenUsage(events),
  }
  return {
    day: Math.floor((startedAt ?? fact.time) / DAY_MS),
    run,
    events: events.map((event) => eventRow(fact, event)),
    messages,
    toolCalls,
  }
}

/** The first of these is what a person who waits sees first. */
const DELTAS: ReadonlySet<string> = new Set([
  'TEXT_MESSAGE_CONTENT',
  'TEXT_MESSAGE_CHUNK',
  'REASONING_MESSAGE_CONTENT',
  'REASONING_MESSAGE_CHUNK',
  'THINKING_TEXT_MESSAGE_CONTENT',
  'TOOL_CALL_ARGS',
  'TOOL_CALL_CHUNK',
])

const eventRow = (
  { threadId, runId, agentId }: RunFact,
  { seq, count, type, time, until, event }: RunFactEvent,
): Row<'events'> => ({
  thread_id: threadId,
  run_id: runId,
  agent_id: agentId,
  seq,
  count,
  type,
  time: time ?? null,
  until: until ?? null,
  event: JSON.stringify(event),
})
