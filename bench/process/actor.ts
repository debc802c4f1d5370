import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { BaseEvent } from '@ag-ui/client'
import type { Client, Reading, Script } from '../contestant.ts'
import { contentEvent, endEvent, now, startEvent } from '../events.ts'
import { Ages, type Window } from './ages.ts'
import { memoryOf } from './memory.ts'
import { pace } from './pace.ts'
import { stopProfile } from './profile.ts'
import { requestsSent } from './requests.ts'
import { type ShortRuns, type ShortRunTimes, shortRuns } from './short-runs.ts'
import { openStream } from './streams.ts'

/** What a measuring process does on request; each method is called by name over the process's channel. */

let client: Client
/** Events that an agent emits before it lets go of the event loop. */
const BURST = 20
/** Of a message, some 25 kB: as long as answers get. */
const MESSAGE_DELTAS = 100
let live: LiveRun[] = []
let readings: Reading[] = []
const ages = { run: new Ages(), connect: new Ages() }

/** A run whose agent emits what it is told to. */
interface LiveRun {
  emit(event: BaseEvent): void
  messageId: string
  end(): void
  done: Promise<void>
}

export const open = async ({ module, address }: { module: string; address: string }): Promise<void> => {
  const { openClient } = await import(module)
  client = await openClient(address)
}

export const close = (): Promise<void> => client.close()

/** Begins a run on each thread, and resolves once its caller has seen its message begin. */
export const startRuns = async ({
  threadIds,
  at = 50,
}: {
  threadIds: string[]
  at?: number
}): Promise<void> => {
  live = []
  ages.run.clear()
  await client.prepare?.(threadIds)
  await inBatches(threadIds, at, async (threadId) => {
    live.push(await startRun(threadId))
  })
}

const startRun = (threadId: string): Promise<LiveRun> =>
  new Promise((resolve, reject) => {
    const messageId = randomUUID()
    const end = Promise.withResolvers<void>()
    let toRun: (event: BaseEvent) => void = () => {}
    const done = client.run(
      threadId,
      async (emit) => {
        toRun = emit
        emit(startEvent(messageId))
        await end.promise
        emit(endEvent(messageId))
      },
      (event) => {
        ages.run.note(event)
        if (
          (event as { messageId?: string }).messageId === messageId &&
          (event.type as string) === 'TEXT_MESSAGE_START'
        )
          resolve({ emit: (content) => toRun(content), messageId, end: end.resolve, done })
      },
    )
    done.catch(reject)
  })

/** Connects to each thread, and resolves once every reader has seen something; at once for those of a thread that is read already. */
export const follow = async ({ threadIds, at = 50 }: { threadIds: string[]; at?: number }): Promise<void> => {
  ages.connect.clear()
  const known = new Set<string>()
  await inBatches(threadIds, at, async (threadId) => {
    const seen = Promise.withResolvers<void>()
    const reading = client.connect!(threadId, (event) => {
      ages.connect.note(event)
      seen.resolve()
    })
    reading.done.catch(seen.reject)
    readings.push(reading)
    if (!known.has(threadId)) {
      known.add(threadId)
      await seen.promise
    }
  })
}

/** Emits at a rate over all live runs in turn; where it falls behind, it catches up as fast as it can. */
export const emit = async ({
  rate,
  seconds,
  bytes,
}: {
  rate: number
  seconds: number
  bytes: number
}): Promise<Window & { sent: number }> => {
  let next = 0
  const from = now()
  const sent = await pace(rate, seconds, () => {
    const run = live[next++ % live.length]!
    run.emit(contentEvent(run.messageId, bytes))
  })
  return { from, to: now(), sent }
}

export const endRuns = async (): Promise<void> => {
  for (const run of live) run.end()
  await Promise.all(live.map(({ done }) => done))
  live = []
}

export const stopFollowing = (): void => {
  for (const reading of readings) reading.stop()
  readings = []
}

/** Runs on each thread whose agents emit as fast as they may; milliseconds until all callers have seen their ends. */
export const blast = async ({
  threadIds,
  events,
  bytes,
}: {
  threadIds: string[]
  events: number
  bytes: number
}) => {
  await client.prepare?.(threadIds)
  const go = Promise.withResolvers<void>()
  const ready = threadIds.map(() => Promise.withResolvers<void>())
  const runs = threadIds.map((threadId, at) => {
    const script: Script = async (emit) => {
      ready[at]!.resolve()
      await go.promise
      for (let sent = 0; sent < events; sent += MESSAGE_DELTAS)
        await say(emit, Math.min(MESSAGE_DELTAS, events - sent), bytes)
    }
    return client.run(threadId, script, () => {})
  })
  await Promise.race([Promise.all(ready.map(({ promise }) => promise)), Promise.all(runs)])
  const before = requestsSent()
  const start = now()
  go.resolve()
  await Promise.all(runs)
  const tookMs = now() - start
  return { tookMs, produceRequests: requestsSent().produce - before.produce }
}

/** A message, as fast as the event loop goes round. */
const say = async (emit: (event: BaseEvent) => void, deltas: number, bytes: number): Promise<void> => {
  const messageId = randomUUID()
  emit(startEvent(messageId))
  for (let sent = 0; sent < deltas; sent += BURST) {
    for (let index = 0; index < Math.min(BURST, deltas - sent); index += 1)
      emit(contentEvent(messageId, bytes))
    await setImmediate()
  }
  emit(endEvent(messageId))
}

export const timeRuns = (runs: ShortRuns): Promise<ShortRunTimes> => shortRuns(client, runs)

/** Milliseconds from connect() until so many events were seen, or until it completed; and how many there were. */
export const replay = async ({
  threadId,
  until = Number.POSITIVE_INFINITY,
}: {
  threadId: string
  until?: number
}) => {
  const start = now()
  let events = 0
  const enough = Promise.withResolvers<void>()
  const reading = client.connect!(threadId, () => {
    events += 1
    if (events === until) enough.resolve()
  })
  await Promise.race([enough.promise, reading.done])
  const tookMs = now() - start
  reading.stop()
  return { tookMs, events }
}

export { letClean, rawFetch, rawProduce } from './raw.ts'

/** A run that has said so much, and goes on until `endRuns`. */
export const leaveOpen = async ({
  threadId,
  events,
  bytes,
}: {
  threadId: string
  events: number
  bytes: number
}): Promise<void> => {
  await client.prepare?.([threadId])
  const end = Promise.withResolvers<void>()
  const said = Promise.withResolvers<void>()
  let seen = 0
  const script: Script = async (emit) => {
    for (let sent = 0; sent < events; sent += MESSAGE_DELTAS)
      await say(emit, Math.min(MESSAGE_DELTAS, events - sent), bytes)
    await end.promise
  }
  const done = client.run(threadId, script, () => {
    seen += 1
    // All that is said comes after RUN_STARTED, and messages have a start and an end besides.
    if (seen >= events + 1) said.resolve()
  })
  live.push({ emit: () => {}, messageId: '', end: end.resolve, done })
  await Promise.race([said.promise, done])
}

/** Serves this process's threads over HTTP, as an API process does; the address. */
export const serve = async (): Promise<string> => {
  if (client.serve === undefined) throw new Error('this contestant has no HTTP server')
  return client.serve()
}

/** Opens the thread's event stream so many times, and resolves once each has shown something. */
export const openStreams = async ({
  url,
  threadId,
  count,
}: {
  url: string
  threadId: string
  count: number
}): Promise<void> => {
  ages.connect.clear()
  await inBatches(Array.from({ length: count }), 50, async () => {
    const seen = Promise.withResolvers<void>()
    const reading = openStream(`${url}/threads/${threadId}/events`, (event) => {
      ages.connect.note(event)
      seen.resolve()
    })
    reading.done.catch(seen.reject)
    readings.push(reading)
    await seen.promise
  })
}

/** Ages in milliseconds of what was emitted in a window, by who saw it. */
export const agesIn = (window: Window) => ({ run: ages.run.in(window), connect: ages.connect.in(window) })

export const memory = (): { rssMiB: number; heapMiB: number } => memoryOf()

const inBatches = async <T>(
  items: readonly T[],
  size: number,
  work: (item: T) => Promise<void>,
): Promise<void> => {
  for (let start = 0; start < items.length; start += size)
    await Promise.all(items.slice(start, start + size).map(work))
}

export { startProfile } from './profile.ts'

export const saveProfile = ({ file }: { file: string }): Promise<void> => stopProfile(file)

export const prepare = async ({ threadIds }: { threadIds: string[] }): Promise<void> =>
  client.prepare?.(threadIds)
