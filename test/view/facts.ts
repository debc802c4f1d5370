import type { RunFact, RunFactEvent } from '../../src/fan-in/run-fact.ts'
import type { DirectoryEntry } from '../../src/view/directory-entry.ts'

const BEGIN = Date.parse('2026-11-01T12:00:00Z')

export interface MadeRun {
  threadId: string
  /** Of the run in its thread, from 0. */
  index: number
  /** Seq of its first event. */
  firstSeq: number
  /** Milliseconds since 1970. */
  startedAt?: number
  /** Makes another run of it, where a thread of the same id was deleted. */
  mark?: string
  parts?: number
}

/** What is told of one run: a question, reasoning, a tool call, an answer, a counter in the state. */
export const factsOf = (run: MadeRun): RunFact[] => {
  const { threadId, index, firstSeq, mark = '', parts = 1, startedAt = BEGIN + index * 60_000 } = run
  const id = `${threadId}-${index}${mark}`
  const events = eventsOf(id, threadId, index).map(
    (event, at): RunFactEvent => ({
      seq: firstSeq + at,
      count: 1,
      type: event.type,
      time: startedAt + at * 40,
      until: startedAt + at * 40,
      event,
    }),
  )
  const lastSeq = firstSeq + events.length - 1
  const common = {
    version: 1 as const,
    threadId,
    runId: `run-${id}`,
    commandId: `command-${id}`,
    agentId: index % 2 === 0 ? 'support' : 'sales',
    workerId: 'worker-1',
    part: 0,
    parts: 1,
    events: [],
  }
  const started = { ...common, startedAt, claimId: `claim-${id}` }
  const size = Math.ceil(events.length / parts)
  return [
    { ...common, id: `command-${id}/accepted`, fact: 'accepted', time: startedAt - 1 },
    { ...started, id: `command-${id}/started`, fact: 'started', time: startedAt },
    ...Array.from({ length: parts }, (_, part): RunFact => {
      const own = events.slice(part * size, (part + 1) * size)
      const end = { id: `command-${id}/ended`, fact: 'finished', time: startedAt + 1_000 } as const
      return { ...started, ...end, cause: 'agent', firstSeq, lastSeq, part, parts, events: own }
    }),
  ]
}

export const EVENTS_OF_RUN = 15

const eventsOf = (id: string, threadId: string, index: number) => {
  const runId = `run-${id}`
  const messages = [{ id: `user-${id}`, role: 'user', content: `Question ${index}: where is my order?` }]
  const input = { threadId, runId, messages, tools: [], context: [], state: {}, forwardedProps: {} }
  const patch = [{ op: index === 0 ? 'add' : 'replace', path: '/runs', value: index + 1 }]
  return [
    { type: 'RUN_STARTED', threadId, runId, input },
    { type: 'REASONING_START', messageId: `thought-${id}` },
    { type: 'REASONING_MESSAGE_START', messageId: `thought-${id}`, role: 'reasoning' },
    { type: 'REASONING_MESSAGE_CONTENT', messageId: `thought-${id}`, delta: 'They ask for it. '.repeat(10) },
    { type: 'REASONING_MESSAGE_END', messageId: `thought-${id}` },
    { type: 'REASONING_END', messageId: `thought-${id}` },
    { type: 'TOOL_CALL_START', toolCallId: `call-${id}`, toolCallName: 'find_order' },
    {
      type: 'TOOL_CALL_ARGS',
      toolCallId: `call-${id}`,
      delta: '{"order":"A-1042","with":["shipping","history"]}',
    },
    { type: 'TOOL_CALL_END', toolCallId: `call-${id}` },
    {
      type: 'TOOL_CALL_RESULT',
      messageId: `result-${id}`,
      toolCallId: `call-${id}`,
      content: '{"state":"on its way"}',
    },
    { type: 'STATE_DELTA', delta: patch },
    { type: 'TEXT_MESSAGE_START', messageId: `answer-${id}`, role: 'assistant' },
    {
      type: 'TEXT_MESSAGE_CONTENT',
      messageId: `answer-${id}`,
      delta: 'It left the store on Monday. '.repeat(15),
    },
    { type: 'TEXT_MESSAGE_END', messageId: `answer-${id}` },
    { type: 'RUN_FINISHED', threadId, runId },
  ]
}

/** The directory's entry after so many runs. */
export const entryOf = (
  threadId: string,
  runs: number,
  more: Partial<DirectoryEntry> = {},
): DirectoryEntry => ({
  threadId,
  agentId: runs % 2 === 1 ? 'support' : 'sales',
  runId: `run-${threadId}-${runs - 1}`,
  status: 'finished',
  runs,
  seq: runs * EVENTS_OF_RUN,
  createdAt: BEGIN,
  updatedAt: BEGIN + (runs - 1) * 60_000 + 1_000,
  ...more,
})

/** Facts of a thread's runs, in order. */
export const threadFacts = (threadId: string, runs: number, more: Partial<MadeRun> = {}): RunFact[] =>
  Array.from({ length: runs }, (_, index) =>
    factsOf({ threadId, index, firstSeq: 1 + index * EVENTS_OF_RUN, ...more }),
  ).flat()
