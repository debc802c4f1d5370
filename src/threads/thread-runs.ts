import { decodeRecord } from '../log/codec.ts'
import { type RunHistory, ThreadHistory } from '../log/history.ts'
import type { ThreadState } from '../log/reducer.ts'
import type { Reader } from '../reader.ts'
import type { AnyEvent } from '../run/event.ts'
import { type SplitEvent, splitRun } from '../run/split.ts'
import { isPhantom } from '../runner/resume.ts'
import { threadTopic } from '../topics.ts'

/** A thread as its log tells it at one moment. */
export interface ThreadRuns {
  state: ThreadState
  /** Records that are not this library's. */
  foreign: number
  /** With their events, compacted where they have a run record; the last one may go on. */
  runs: RunHistory[]
}

/** An event of a thread, as it was appended. */
export interface ThreadEvent extends SplitEvent {
  runId: string
  agentId: string
}

/**
 * Reads a thread's log to its end, into memory; with `after` only what comes behind that seq. Undefined when it
 * has none, or was deleted.
 * @throws RunnerError READ_FAILED, LOG_DAMAGED
 */
export const readThread = async (
  { pages, config }: Pick<Reader, 'pages' | 'config'>,
  threadId: string,
  after = 0,
): Promise<ThreadRuns | undefined> => {
  const history = new ThreadHistory('all', after)
  let foreign = 0
  for await (const page of pages.read(threadTopic(config.prefix, threadId))) {
    for (const wire of page) {
      const record = decodeRecord(wire)
      if (record.kind === 'foreign') foreign += 1
      history.apply(record)
    }
  }
  const { state } = history
  if (state.latest === undefined || state.deleted) return undefined
  return { state, foreign, runs: history.runs().filter(({ run }) => !isPhantom(run)) }
}

/** The runs' events as they were appended, one run at a time. */
export function* eventsOf(runs: readonly RunHistory[]): Generator<ThreadEvent> {
  for (const { run, events, seqs, times } of runs) {
    const known = times.length === events.length ? times : undefined
    for (const event of splitRun(events as AnyEvent[], seqs, known))
      yield { ...event, runId: run.runId, agentId: run.agentId }
  }
}
