import type { BaseEvent } from '@ag-ui/client'
import { ThreadHistory } from '../log/history.ts'
import type { Run } from '../log/reducer.ts'
import type { ThreadLogs } from '../log/thread-logs.ts'
import { applied } from '../run/applied.ts'
import { type AnyEvent, toBaseEvent } from '../run/event.ts'
import { closeOpen } from '../run/finalize.ts'
import { OpenItems } from '../run/open-items.ts'

const AGAIN = 'Its worker was lost; the run begins again'

/**
 * What tells the readers of a lost run that it begins again: all that is open is closed, and messages and
 * state are what they were at its start. Nothing, where nothing but RUN_STARTED was visible.
 * @throws RunnerError READ_FAILED, LOG_DAMAGED
 */
export const resetOf = async (logs: ThreadLogs, threadId: string, lost: Run): Promise<BaseEvent[]> => {
  const history = new ThreadHistory('all')
  await logs.read(threadId, { nextOffset: 0 }, (records) => {
    for (const { record } of records) history.apply(record)
  })
  const runs = history.runs().map(({ events }) => events)
  const shown = history.eventsOf(lost)
  const [first] = shown
  if (shown.length < 2 || first === undefined) return []
  const { messages, state } = await applied([...runs.slice(0, -1), [first]])
  const open = new OpenItems()
  for (const event of shown) open.observe(event as unknown as AnyEvent)
  return [
    ...closeOpen(open, AGAIN),
    toBaseEvent({ type: 'MESSAGES_SNAPSHOT', messages }),
    toBaseEvent({ type: 'STATE_SNAPSHOT', snapshot: state }),
  ]
}
