import type { RunFact, RunFactEvent } from '../fan-in/run-fact.ts'
import { stringField } from '../run/event.ts'
import { elapsed } from './elapsed.ts'
import type { Row } from './tables.ts'
import { toolFailed } from './tool-failed.ts'

interface Draft {
  name: string
  args: string[]
  started: number | null
  ended: number | null
  result?: { content: string; time: number | null; failed: boolean }
}

type Drafts = Map<string, Draft>

/** The calls that the run's events begin. A result that a client gives comes with the next run, and is not here. */
export const toolCallRows = ({ threadId, runId, agentId, events }: RunFact): Row<'tool_calls'>[] => {
  const drafts: Drafts = new Map()
  for (const event of events) takeEvent(drafts, event)
  return Array.from(drafts, ([toolCallId, { name, args, started, ended, result }]) => ({
    thread_id: threadId,
    run_id: runId,
    agent_id: agentId,
    tool_call_id: toolCallId,
    name,
    args: args.join(''),
    started,
    ended,
    latency_ms: elapsed(ended, result?.time),
    result: result?.content ?? null,
    failed: result?.failed ?? null,
  }))
}

const takeEvent = (drafts: Drafts, placed: RunFactEvent): void => {
  const { event, time = null } = placed
  const until = placed.until ?? time
  // A chunk without an id goes on with the call before it.
  const id =
    stringField(event, 'toolCallId') ??
    (event.type === 'TOOL_CALL_CHUNK' ? [...drafts.keys()].at(-1) : undefined)
  if (id === undefined) return
  const draft = drafts.get(id)
  switch (event.type) {
    case 'TOOL_CALL_START':
      drafts.set(id, begun(stringField(event, 'toolCallName'), time, time))
      return
    case 'TOOL_CALL_CHUNK':
      if (draft === undefined) drafts.set(id, begun(stringField(event, 'toolCallName'), time, until))
      drafts.get(id)?.args.push(stringField(event, 'delta') ?? '')
      return
    case 'TOOL_CALL_ARGS':
      draft?.args.push(stringField(event, 'delta') ?? '')
      if (draft !== undefined) draft.ended = until
      return
    case 'TOOL_CALL_END':
      if (draft !== undefined) draft.ended = until
      return
    case 'TOOL_CALL_RESULT': {
      // Of a call that an earlier run began there is no row here to complete.
      if (draft === undefined) return
      const { content = '' } = event
      const written = typeof content === 'string' ? content : JSON.stringify(content)
      draft.result = { content: written, time, failed: toolFailed(event, written) }
    }
  }
}

const begun = (name: string | undefined, started: number | null, ended: number | null): Draft => ({
  name: name ?? '',
  args: [],
  started,
  ended,
})
