import type { Evidence, Violation } from './evidence.ts'

/** Longer than a producer tries while brokers are away: by then the command is written, or its caller is told. */
const SILENT_MS_MAX = 45_000

/** Promise 1, before there is a command: what was asked for is written, or whoever asked is told that it is not. */
export const checkWritten = ({ commands, recordings }: Evidence): Violation[] => {
  const written = new Set(commands.map(({ runId }) => runId))
  return recordings.streams.flatMap(({ ask, threadId, runId, received, askedAt, endedAt = askedAt }) => {
    const silentMs = endedAt - askedAt
    if (ask !== 'run' || received.length > 0 || silentMs < SILENT_MS_MAX || written.has(runId ?? ''))
      return []
    const what = `run ${runId} was asked for, nothing was heard for ${silentMs} ms, and its command was never written`
    return [{ promise: '1 commands are written', threadId, what }]
  })
}
