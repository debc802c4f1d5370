import { sendStop } from '../command/send-stop.ts'
import type { Connection } from '../connection.ts'
import { RunnerError } from '../errors.ts'
import { latestClaim, openRun } from '../log/reducer.ts'
import { settlesWithin } from '../system.ts'
import type { Places, ReadPlace } from './places.ts'
import { stopRun } from './stop-call.ts'
import { isPending, uncommittedCommands } from './thread-commands.ts'

export interface DeleteCallOptions {
  connection: Connection
  places: Places
  /** The pools whose commands may be the thread's. */
  pools: string[]
  threadId: string
  /** How long to wait to see a run end. */
  stopTimeoutMs: number
}

/** Runs that others begin while one is being stopped: so many in a row are not outrun. */
const ATTEMPTS_MAX = 10
/** A worker compacts and publishes a run within milliseconds of its end, unless it was lost there. */
const RECORD_WAIT_MS = 2_000
const LOOK_AGAIN_MS = 20
const APPEND_PATIENCE_MS = 500
/** Live readers get the marker meanwhile. One that does not takes seconds to find that the log is gone. */
const READERS_MS = 250

/**
 * Ends the thread's run and removes its log and its directory entry; false when it has no log. Each step may
 * be repeated, so a call after a crash finishes the job.
 * @throws RunnerError THREAD_BUSY when the run was not seen to end: nothing is removed then; READ_FAILED,
 * APPEND_FAILED, BROKER_UNAVAILABLE
 */
export const deleteThread = async (options: DeleteCallOptions): Promise<boolean> => {
  const { connection, places, threadId } = options
  const logId = await endThread(options)
  if (logId !== undefined) await connection.logs.remove(threadId, logId)
  places.forget(threadId)
  // Also where there is no log: the deletion may be one that broke off here.
  await connection.producer.send({ topic: connection.topics.threads.name, key: threadId, value: null })
  return logId !== undefined
}

/** Brings the log to its end for good: afterwards no claim in it counts. Gives the log that may go. */
const endThread = async (options: DeleteCallOptions): Promise<string | undefined> => {
  const { connection, places, threadId } = options
  const { system } = connection
  let last: string | undefined
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const place = await places.latestOfLog(threadId)
    // Another deleter may have removed it since the last look.
    if (place === undefined || (last !== undefined && place.logId !== last)) return last
    if (place.state.deleted) {
      await system.sleep(READERS_MS)
      return place.logId
    }
    last = place.logId
    if (openRun(place.state) !== undefined) await endRun(options, place)
    else {
      await eraseCommands(options, place)
      await appendMarker(options, await untilRecorded(options, place))
    }
  }
  throw busy(threadId, `${ATTEMPTS_MAX} runs in a row began on it meanwhile`)
}

const endRun = async (options: DeleteCallOptions, place: ReadPlace): Promise<void> => {
  const { connection, threadId, stopTimeoutMs: timeoutMs } = options
  const open = openRun(place.state)
  if (open === undefined) return
  const { runId, commandId } = open
  const stopped = await stopRun({ connection, threadId, runId, commandId, from: place, timeoutMs })
  if (stopped === undefined) throw busy(threadId, `run "${runId}" did not end within ${timeoutMs / 1000} s`)
}

/**
 * Commands that are not committed come again when their worker dies, and would bring the thread back: their
 * workers are told, for as long as the control topic keeps it. Those that wait for their turn are answered.
 */
const eraseCommands = async (options: DeleteCallOptions, place: ReadPlace): Promise<void> => {
  const { connection, pools, threadId } = options
  const commands = await uncommittedCommands(connection, pools, threadId)
  for (const { commandId, input } of commands)
    await sendStop(connection, { threadId, commandId, runId: input.runId }, 'erased')
  await lookWhile(options, place, ({ state }) => commands.some((command) => isPending(state, command)))
}

/** Its worker would write the directory entry again, behind the deletion. */
const untilRecorded = (options: DeleteCallOptions, place: ReadPlace): Promise<ReadPlace> =>
  lookWhile(
    options,
    place,
    ({ state: { latest } }) => latest?.terminal !== undefined && latest.recordedBy === undefined,
  )

/** The place in the log where something is no longer so, or the last one when it is another log's or time is up. */
const lookWhile = async (
  { connection: { system }, places, threadId }: DeleteCallOptions,
  place: ReadPlace,
  isSo: (place: ReadPlace) => boolean,
): Promise<ReadPlace> => {
  const deadline = system.elapsed() + RECORD_WAIT_MS
  let latest = place
  while (isSo(latest)) {
    if (system.elapsed() > deadline) break
    await system.sleep(LOOK_AGAIN_MS)
    const next = await places.latestOfLog(threadId)
    if (next?.logId !== place.logId) break
    latest = next
  }
  return latest
}

/** Valid only if nobody has claimed the thread since it was looked at; reading on tells. */
const appendMarker = async (
  { connection: { logs, system }, places, threadId }: DeleteCallOptions,
  { state, logId }: ReadPlace,
): Promise<void> => {
  const after = latestClaim(state)?.claimId ?? null
  const marker = { kind: 'deleted', deletionId: system.newId(), after, time: system.now() } as const
  const appended = logs.append(threadId, [marker])
  while (!(await settlesWithin(system, appended, APPEND_PATIENCE_MS))) {
    // An append waits for its topic, which another deleter may have removed for good.
    if ((await places.latestOfLog(threadId))?.logId !== logId) return
  }
  await appended
}

const busy = (threadId: string, reason: string): RunnerError =>
  new RunnerError('THREAD_BUSY', `Thread "${threadId}" was not deleted: ${reason}. Try again.`)
