import type { Reader } from '../reader.ts'
import { applied } from '../run/applied.ts'
import { eventsOf, readThread, type ThreadRuns } from './thread-runs.ts'
import { markdownOf } from './transcript.ts'

export type TextFormat = 'jsonl' | 'md'

export interface ExportProgress {
  threads: number
  events: number
  /** Threads of the list that are not there any more. */
  gone: number
}

/**
 * The text of an export, piece by piece: one thread is in memory at a time.
 * @throws RunnerError READ_FAILED, LOG_DAMAGED
 */
export async function* exportText(
  reader: Pick<Reader, 'pages' | 'config'>,
  threadIds: readonly string[],
  format: TextFormat,
  onThread: (progress: ExportProgress) => void = () => {},
): AsyncGenerator<string> {
  const progress: ExportProgress = { threads: 0, events: 0, gone: 0 }
  for (const threadId of threadIds) {
    const thread = await readThread(reader, threadId)
    if (thread === undefined) progress.gone += 1
    else {
      progress.threads += 1
      if (format === 'md') yield `${progress.threads === 1 ? '' : '\n'}${await markdown(threadId, thread)}`
      else {
        for (const lines of linesOf(threadId, thread)) {
          progress.events += lines.length
          yield lines.join('')
        }
      }
    }
    onThread(progress)
  }
}

const LINES_MAX = 500

/** Events as they were appended, some hundred lines at a time. */
function* linesOf(threadId: string, { runs }: ThreadRuns): Generator<string[]> {
  let lines: string[] = []
  for (const { runId, agentId, seq, time = null, event } of eventsOf(runs)) {
    lines.push(`${JSON.stringify({ threadId, runId, agentId, seq, time, type: event.type, event })}\n`)
    if (lines.length < LINES_MAX) continue
    yield lines
    lines = []
  }
  if (lines.length > 0) yield lines
}

const markdown = async (threadId: string, { runs }: ThreadRuns): Promise<string> => {
  const { messages } = await applied(runs.map(({ events }) => events))
  const about = runs.map(({ run }) => {
    const started = new Date(run.claims[0]?.time ?? 0).toISOString()
    return `${started}: run ${run.runId}, agent ${run.agentId}, ${run.terminal?.type ?? 'goes on'}`
  })
  return markdownOf(threadId, about, messages)
}
