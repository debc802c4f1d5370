import type { RunEvents } from '../run-events.ts'
import { lcMessageIn, saidIn } from './lc-message.ts'
import type { PlatformIds } from './platform-ids.ts'

/** What DeerFlow's own view shows of a subagent's task. */
type Task = Record<string, unknown>

const STATUS: Readonly<Record<string, string>> = {
  task_started: 'running',
  task_running: 'running',
  task_completed: 'completed',
  task_failed: 'failed',
  task_cancelled: 'cancelled',
  task_timed_out: 'timed_out',
}

/** A log holds each of these; the whole result comes as that of the call of `task`. */
const TEXT_CHARACTERS_MAX = 4_000

/** The tasks of subagents, one activity each, whose content is always the latest. Other custom events as CUSTOM. */
export class Tasks {
  readonly #events: RunEvents
  readonly #ids: PlatformIds
  readonly #tasks = new Map<string, Task>()

  constructor(events: RunEvents, ids: PlatformIds) {
    this.#events = events
    this.#ids = ids
  }

  take(data: unknown): void {
    const { type, task_id, ...fields } = (data ?? {}) as Record<string, unknown>
    const status = typeof type === 'string' ? STATUS[type] : undefined
    if (status === undefined || typeof task_id !== 'string') {
      this.#events.custom(`deerflow.${typeof type === 'string' ? type : 'custom'}`, data)
      return
    }
    const content = { ...this.#tasks.get(task_id), ...contentOf(fields), task_id, status }
    this.#tasks.set(task_id, content)
    this.#events.emit({
      type: 'ACTIVITY_SNAPSHOT',
      messageId: `task:${this.#ids.of(task_id)}`,
      activityType: 'deerflow.task',
      content,
    })
  }
}

const contentOf = ({ message, result, error, ...fields }: Task): Task => {
  const said = lcMessageIn(message)
  const texts = {
    ...(said !== undefined && { message: saidIn(said).text, tools: toolsIn(said.tool_calls) }),
    ...(typeof result === 'string' && { result }),
    ...(typeof error === 'string' && { error }),
  }
  const cut = Object.entries(texts).map(([name, text]) => [
    name,
    typeof text === 'string' ? text.slice(0, TEXT_CHARACTERS_MAX) : text,
  ])
  return { ...fields, ...Object.fromEntries(cut) }
}

const toolsIn = (calls: readonly { name: string }[] | null | undefined): string[] =>
  (calls ?? []).map(({ name }) => name)
