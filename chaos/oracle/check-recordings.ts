import { codeOf, type Recording, typeOf } from '../recording.ts'
import type { Evidence, Violation } from './evidence.ts'
import { isPhantom, type LogRun, type ThreadLog } from './thread-log.ts'

/**
 * Promises 2, 3 and 4: what live clients received is in the log, in its order, without doubles or gaps, and
 * nothing besides; a reader that came after a run's end was shown that run.
 */
export const checkRecordings = (evidence: Evidence): Violation[] => {
  const found: Violation[] = []
  for (const recording of evidence.recordings.streams) {
    const log = evidence.threads.get(recording.threadId)
    const what = recording.ask === 'run' ? checkRun(recording, log) : checkConnect(recording, log, evidence)
    if (what !== undefined) found.push({ promise: '2 live and replay', threadId: recording.threadId, what })
  }
  return found
}

/** Errors that an API process adds to a stream, because it cannot go on with it. */
const isOwnError = (text: string | undefined): boolean => {
  const { type, code } = JSON.parse(text ?? '{}')
  return type === 'RUN_ERROR' && OWN_ERRORS.has(code)
}
const OWN_ERRORS = new Set([
  'READ_FAILED',
  'READER_TOO_SLOW',
  'RUNNER_CLOSED',
  'COMMAND_UNANSWERED',
  'BROKER_UNAVAILABLE',
  'APPEND_FAILED',
])

/** Why a stream ended with an error of the API process; undefined where it did not. */
export const ownErrorOf = ({ received }: Recording): string | undefined => {
  const last = received.at(-1)
  return isOwnError(last?.text) ? codeOf(last?.event) : undefined
}

const checkRun = (recording: Recording, log: ThreadLog | undefined): string | undefined => {
  const { runId, end } = recording
  const who = `the caller of run ${runId}`
  const texts = recording.received.map(({ text }) => text)
  const run = log?.runs.find((other) => other.runId === runId)
  if (run === undefined) {
    const rejected = log?.rejections.find((rejection) => rejection.runId === runId)
    // A run that was stopped before its turn looks to its caller like an empty one.
    if (rejected?.code === 'RUN_STOPPED' && isPrefix(typesOf(recording), ['RUN_STARTED', 'RUN_FINISHED']))
      return undefined
    const told =
      texts.length === 0 || (texts.length === 1 && typeOf(recording.received[0]?.event) === 'RUN_ERROR')
    // A run that its process refuses at once has no command.
    return told
      ? undefined
      : `${who} was shown ${texts.length} events, but the log has no such run (rejected: ${rejected?.code})`
  }
  const raw = run.events.map(({ text }) => text)
  const isOwn = isOwnError(texts.at(-1)) && texts.at(-1) !== raw[texts.length - 1]
  const seen = isOwn ? texts.slice(0, -1) : texts
  const wrong = seen.findIndex((text, index) => text !== raw[index])
  if (wrong !== -1) return `${who} got ${seen[wrong]} as event ${wrong + 1}, the log has ${raw[wrong]}`
  if (end?.how === 'complete' && !isOwn && seen.length !== raw.length) {
    return `the stream of ${who} ended in order after ${seen.length} of ${raw.length} events`
  }
  return undefined
}

const typesOf = ({ received }: Recording): string[] => received.map(({ event }) => typeOf(event))

const isPrefix = (some: string[], all: string[]): boolean => some.every((one, index) => one === all[index])

const checkConnect = (
  recording: Recording,
  log: ThreadLog | undefined,
  evidence: Evidence,
): string | undefined => {
  const texts = recording.received.map(({ text }) => text)
  const cut = recording.end?.how !== 'complete' || isOwnError(texts.at(-1))
  const seen = isOwnError(texts.at(-1)) ? texts.slice(0, -1) : texts
  const who = `a reader (asked at ${new Date(recording.askedAt).toISOString()})`
  const shown = matchRuns(
    seen,
    (log?.runs ?? []).filter((run) => !isPhantom(run)),
  )
  if (shown.wrong !== undefined) return `${who} ${shown.wrong}`
  if (cut) return undefined
  if (shown.partly) return `${who} saw its stream end in order inside of a run, after ${seen.length} events`
  const runs = log?.runs.filter((run) => !isPhantom(run)) ?? []
  const missed = runs.slice(shown.runs).find((run) => knownToHaveEnded(run, recording, evidence))
  return missed && `${who} was not shown run ${missed.runId}, whose end a client had seen before`
}

const knownToHaveEnded = (
  { runId }: LogRun,
  { askedAt, threadId }: Recording,
  { recordings }: Evidence,
): boolean =>
  recordings.streams.some(
    ({ ask, received, ...other }) =>
      ask === 'run' &&
      other.threadId === threadId &&
      other.runId === runId &&
      ['RUN_FINISHED', 'RUN_ERROR'].includes(typeOf(received.at(-1)?.event)) &&
      !isOwnError(received.at(-1)?.text) &&
      received.at(-1)!.time < askedAt,
  )

interface Match {
  /** Runs that were shown whole. */
  runs: number
  /** The last one was shown in part. */
  partly: boolean
  wrong?: string
}

/** A stream is whole runs, each raw or compacted, and then maybe a part of one. */
const matchRuns = (texts: readonly string[], runs: readonly LogRun[]): Match => {
  let at = 0
  for (const [index, run] of runs.entries()) {
    if (at === texts.length) return { runs: index, partly: false }
    const forms = [run.events.map(({ text }) => text), run.recorded].filter((form) => form !== undefined)
    const agreed = forms.map((form) => commonLength(texts, at, form))
    const whole = forms.find((form, which) => agreed[which] === form.length && run.terminal !== undefined)
    if (whole !== undefined) {
      at += whole.length
      continue
    }
    const longest = Math.max(...agreed)
    if (at + longest === texts.length) return { runs: index, partly: true }
    const expected = forms[agreed.indexOf(longest)]?.[longest]
    const wrong = `got ${texts[at + longest]} as event ${at + longest + 1}, where run ${run.runId} has ${expected}`
    return { runs: index, partly: true, wrong }
  }
  if (at === texts.length) return { runs: runs.length, partly: false }
  return { runs: runs.length, partly: true, wrong: `got ${texts[at]} after the end of all runs` }
}

const commonLength = (texts: readonly string[], from: number, form: readonly string[]): number => {
  const differs = form.findIndex((text, index) => texts[from + index] !== text)
  return differs === -1 ? form.length : differs
}
