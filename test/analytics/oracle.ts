import { isEnd, type RunFact, type RunFactEvent } from '../../src/fan-in/run-fact.ts'

type Row = Record<string, unknown>

/**
 * What the tables are to hold after these facts, each told once and in one part: computed the slow way, by looking
 * through the run's events anew for each column.
 */
export const oracle = (facts: readonly RunFact[]) => {
  const ends = facts.filter(isEnd)
  const accepted = new Map(
    facts.filter(({ fact }) => fact === 'accepted').map((fact) => [fact.commandId, fact.time]),
  )
  return {
    runs: sorted(
      ends.map((end) => runRow(end, accepted.get(end.commandId))),
      'command_id',
    ),
    events: sorted(ends.flatMap(eventRows), 'thread_id', 'seq'),
    messages: sorted(ends.flatMap(messageRows), 'thread_id', 'run_id', 'message_id'),
    tool_calls: sorted(ends.flatMap(toolCallRows), 'thread_id', 'run_id', 'tool_call_id'),
  }
}

const sorted = (rows: Row[], ...columns: string[]): Row[] =>
  rows.toSorted((one, other) => {
    for (const column of columns) {
      const [a, b] = [one[column] as string | number, other[column] as string | number]
      if (a !== b) return a < b ? -1 : 1
    }
    return 0
  })

const iso = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString())
const dayOf = ({ startedAt, time }: RunFact): string => iso(startedAt ?? time)!.slice(0, 10)
const ids = ({ threadId, runId, agentId }: RunFact) => ({
  thread_id: threadId,
  run_id: runId,
  agent_id: agentId,
})
const field = ({ event }: RunFactEvent, name: string): string => String(event[name] ?? '')

const runRow = (end: RunFact, acceptedAt: number | undefined): Row => {
  const { events, startedAt } = end
  const delta = events.find(({ event }) => 'delta' in event)
  const usage = usageOf(events)
  return {
    ...ids(end),
    command_id: end.commandId,
    worker_id: end.workerId,
    status: end.fact,
    cause: end.cause ?? null,
    code: end.code ?? null,
    message: end.message ?? null,
    accepted_at: iso(acceptedAt),
    started_at: iso(startedAt),
    ended_at: iso(end.time),
    duration_ms: startedAt === undefined ? null : end.time - startedAt,
    first_token_ms: delta && startedAt !== undefined ? delta.time! - startedAt : null,
    events: end.lastSeq === undefined ? 0 : end.lastSeq - end.firstSeq! + 1,
    messages: messageRows(end).length,
    tool_calls: toolCallRows(end).length,
    input_tokens: usage?.[0] ?? null,
    output_tokens: usage?.[1] ?? null,
    total_tokens: usage === undefined ? null : usage[0]! + usage[1]!,
    day: dayOf(end),
  }
}

/** As the generated agents report it. */
const usageOf = (events: readonly RunFactEvent[]): [number, number] | undefined => {
  const json = JSON.stringify(events)
  const input = /"input_?[tT]okens":(\d+)/.exec(json)?.[1]
  const output = /"output_?[tT]okens":(\d+)/.exec(json)?.[1]
  return input === undefined ? undefined : [Number(input), Number(output)]
}

const eventRows = (end: RunFact): Row[] =>
  end.events.map(({ seq, count, type, time, until, event }) => ({
    ...ids(end),
    seq,
    count,
    type,
    time: iso(time),
    until: iso(until),
    event: JSON.stringify(event),
    day: dayOf(end),
  }))

const messageRows = (end: RunFact): Row[] => {
  const given = (end.events[0]?.event.input as { messages: Row[] } | undefined)?.messages ?? []
  const asked = given.map(({ id, role, content }) => ({
    id,
    role,
    content: String(content),
    events: end.events.slice(0, 1),
  }))
  const told = end.events
    .filter(({ type }) => /MESSAGE_START$/.test(type))
    .map((start) => {
      const id = start.event.messageId
      const events = end.events.filter(
        ({ event, type }) => event.messageId === id && type !== 'TOOL_CALL_RESULT',
      )
      return {
        id,
        role: start.event.role,
        content: events.map((event) => field(event, 'delta')).join(''),
        events,
      }
    })
  return [...asked, ...told].map(({ id, role, content, events }) => ({
    ...ids(end),
    message_id: id,
    role,
    content,
    started: iso(events[0]!.time),
    ended: iso(events.at(-1)!.until),
    chars: content.length,
    day: dayOf(end),
  }))
}

const toolCallRows = (end: RunFact): Row[] =>
  end.events
    .filter(({ type }) => type === 'TOOL_CALL_START')
    .map((start) => {
      const of = (type: string) =>
        end.events.filter((each) => each.type === type && each.event.toolCallId === start.event.toolCallId)
      const [finish] = of('TOOL_CALL_END')
      const [result] = of('TOOL_CALL_RESULT')
      return {
        ...ids(end),
        tool_call_id: start.event.toolCallId,
        name: start.event.toolCallName,
        args: of('TOOL_CALL_ARGS')
          .map((each) => field(each, 'delta'))
          .join(''),
        started: iso(start.time),
        ended: iso(finish!.until),
        latency_ms: result!.time! - finish!.until!,
        result: field(result!, 'content'),
        failed: field(result!, 'content').startsWith('{"error"'),
        day: dayOf(end),
      }
    })
