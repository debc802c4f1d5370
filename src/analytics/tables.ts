/** How a value lies in Parquet. Times are UTC; in rows they are milliseconds since 1970. */
export type ColumnType = 'VARCHAR' | 'BIGINT' | 'TIMESTAMP' | 'BOOLEAN'

interface Column {
  type: ColumnType
  doc: string
}

type Columns = Readonly<Record<string, Column>>

interface ValueOf {
  VARCHAR: string
  BIGINT: number
  TIMESTAMP: number
  BOOLEAN: boolean
}

const text = (doc: string) => ({ type: 'VARCHAR', doc }) as const
const number = (doc: string) => ({ type: 'BIGINT', doc }) as const
const time = (doc: string) => ({ type: 'TIMESTAMP', doc }) as const
const flag = (doc: string) => ({ type: 'BOOLEAN', doc }) as const

const threadId = text('The thread.')
const runId = text("AG-UI's run id.")
const agentId = text('The agent.')

/**
 * The tables, one row a run that has ended, an event of it, a message, a tool call. All rows of a run are in the
 * partition `day` of the day on which it began.
 */
export const TABLES = {
  runs: {
    thread_id: threadId,
    run_id: runId,
    command_id: text('The command that asked for it.'),
    agent_id: agentId,
    worker_id: text('The worker that ended or rejected it.'),
    status: text('finished, failed, stopped or rejected.'),
    cause: text('Why it ended: agent, stop, superseded, failure, timeout, worker-lost, worker-shutdown.'),
    code: text('Of the rejection or the RUN_ERROR.'),
    message: text('Of the rejection or the RUN_ERROR.'),
    accepted_at: time('When a worker first had it in hand; null where that was not told.'),
    started_at: time('When it was claimed; null for a rejected one.'),
    ended_at: time('When it ended.'),
    duration_ms: number('From started_at to ended_at.'),
    first_token_ms: number('From started_at to its first delta: of text, of reasoning or of tool arguments.'),
    events: number('AG-UI events as the agent sent them, before deltas were joined.'),
    messages: number('Its rows in messages.'),
    tool_calls: number('Its rows in tool_calls.'),
    input_tokens: number('As the agent reports; null where it does not.'),
    output_tokens: number('As the agent reports.'),
    total_tokens: number('As the agent reports, else the sum of the two.'),
  },
  events: {
    thread_id: threadId,
    run_id: runId,
    agent_id: agentId,
    seq: number("Of the first raw event that it stands for, in the thread's own counting."),
    count: number('Raw events that it stands for: deltas are joined.'),
    type: text("AG-UI's event type."),
    time: time('When the first of them was appended.'),
    until: time('When the last of them was.'),
    event: text('The AG-UI event as JSON.'),
  },
  messages: {
    thread_id: threadId,
    run_id: runId,
    agent_id: agentId,
    message_id: text('The message.'),
    role: text('user, assistant, reasoning, and so on.'),
    content: text('Its whole text; content in parts as JSON.'),
    started: time('When its first event was appended.'),
    ended: time('When its last event was.'),
    chars: number('Length of content in UTF-16 units.'),
  },
  tool_calls: {
    thread_id: threadId,
    run_id: runId,
    agent_id: agentId,
    tool_call_id: text('The call.'),
    name: text("The tool's name."),
    args: text('Its arguments, JSON as the agent sent it.'),
    started: time('When the call began.'),
    ended: time('When its arguments were complete.'),
    latency_ms: number('From ended to the result; null without a result in the same run.'),
    result: text('What the tool gave; null without a result in the same run.'),
    failed: flag('Whether the result says that it failed; null without one.'),
  },
} as const satisfies Record<string, Columns>

export type TableName = keyof typeof TABLES

export const TABLE_NAMES = Object.keys(TABLES) as TableName[]

/** A row by its columns. */
export type Row<Name extends TableName> = {
  -readonly [Column in keyof (typeof TABLES)[Name]]: (typeof TABLES)[Name][Column] extends {
    type: infer Type extends ColumnType
  }
    ? ValueOf[Type] | null
    : never
}

export const columnsOf = (table: TableName): [name: string, column: Column][] => Object.entries(TABLES[table])
