import type { ServerResponse } from 'node:http'
import type { BaseEvent } from '@ag-ui/client'
import { type Observable, Subscription } from 'rxjs'
import { type ErrorCode, messageOf, RunnerError } from '../errors.ts'

export interface SseOptions {
  /** Between the comments that keep a quiet connection open. */
  keepAliveMs: number
  /** What a reader may be behind, besides the replay that it began with. */
  pendingBytesMax: number
}

/** How long a reader that was too slow has to fetch what is on its way, and the reason. */
const LEAVE_MS_MAX = 10_000

const HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  // nginx would hold events back otherwise.
  'x-accel-buffering': 'no',
}

/** An event for a reader, with where it stands then, if that is known. */
export interface SentEvent {
  event: BaseEvent
  cursor?: string
}

/** As AG-UI's EventEncoder has it; its parsers skip the id, which is what a browser's EventSource comes back with. */
const frame = ({ event, cursor }: SentEvent): string =>
  `${cursor === undefined ? '' : `id: ${cursor}\n`}data: ${JSON.stringify(event)}\n\n`

/** A failure in AG-UI's own form, for a stream that has begun. */
export const runError = (error: unknown): BaseEvent => {
  const code: ErrorCode = error instanceof RunnerError ? error.code : 'READ_FAILED'
  return { type: 'RUN_ERROR', message: messageOf(error), code } as unknown as BaseEvent
}

/** Sends events as they come, until they end or the reader leaves; what produces them goes on regardless. */
export const sendEvents = (
  response: ServerResponse,
  events: Observable<SentEvent>,
  { keepAliveMs, pendingBytesMax }: SseOptions,
): void => {
  const subscription = new Subscription()
  let pendingMax = pendingBytesMax
  let replaying: 'not yet' | 'now' | 'over' = 'not yet'
  let cursor: string | undefined

  // Without an id: what ends the stream is no event of the thread, and its reader stands where it stood.
  const end = (last?: BaseEvent) => {
    subscription.unsubscribe()
    response.end(last === undefined ? undefined : frame({ event: last }))
  }
  const send = (sent: SentEvent) => {
    if (subscription.closed) return
    const text = frame(sent)
    cursor = sent.cursor
    response.write(text)
    if (replaying === 'not yet') {
      replaying = 'now'
      setImmediate(() => {
        replaying = 'over'
      })
    }
    // A replay comes in one go, faster than any reader reads. It is in memory already and bounded by its thread.
    if (replaying === 'now') pendingMax += Buffer.byteLength(text)
    else if (response.writableLength > pendingMax) giveUp()
  }
  const giveUp = () => {
    end(runError(tooSlow(pendingBytesMax, cursor)))
    const timer = setTimeout(() => response.destroy(), LEAVE_MS_MAX)
    response.once('close', () => clearTimeout(timer))
  }

  response.writeHead(200, HEADERS)
  response.flushHeaders()
  const keepAlive = setInterval(() => {
    if (response.writableLength === 0) response.write(': keep-alive\n\n')
  }, keepAliveMs)
  subscription.add(() => clearInterval(keepAlive))
  response.once('close', () => subscription.unsubscribe())
  subscription.add(
    events.subscribe({ next: send, error: (error) => end(runError(error)), complete: () => end() }),
  )
}

// All that was sent before this comes with it; a reader that has lost some of it goes on from its own last id.
const tooSlow = (pendingBytesMax: number, cursor: string | undefined): RunnerError =>
  new RunnerError(
    'READER_TOO_SLOW',
    `This reader fell more than ${pendingBytesMax} bytes behind. The run goes on; connect to its thread again` +
      (cursor === undefined ? '.' : ` with the cursor ${cursor} to get exactly what is missing.`),
  )
