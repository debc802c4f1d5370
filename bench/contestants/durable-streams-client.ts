// The bench's own plain runner on Durable Streams: a JSON stream a thread, an item an event. No locks, no recovery.
import { randomUUID } from 'node:crypto'
import type { BaseEvent } from '@ag-ui/client'
import { DurableStream, FetchError } from '@durable-streams/client'
import type { Client } from '../contestant.ts'

type OnEvent = (event: BaseEvent) => void
type Finish = BaseEvent & { runId?: string }

const START_OF_STREAM = '-1'
const PREPARED_AT_ONCE = 100

export const openClient = async (address: string): Promise<Client> => {
  const handles = new Map<string, DurableStream>()
  const readings = new Set<{ stop(): void }>()

  const handleOf = (threadId: string): DurableStream => {
    const known = handles.get(threadId)
    if (known !== undefined) return known
    const handle = new DurableStream({
      url: `${address}/${encodeURIComponent(threadId)}`,
      contentType: 'application/json',
      // By default the client repeats a failed request forever, which would hide the failure from a measurement.
      backoffOptions: { initialDelay: 0, maxDelay: 0, multiplier: 1, maxRetries: 0 },
    })
    handles.set(threadId, handle)
    return handle
  }

  /** Where the stream ends now; makes it if there is none. */
  const endOf = async (handle: DurableStream): Promise<string> => {
    const head = await handle.head()
    if (head.exists) return head.offset ?? START_OF_STREAM
    await handle.create()
    return START_OF_STREAM
  }

  /** Reads to the end of the run that is named, or else until the stream has no open run. */
  const follow = (handle: DurableStream, offset: string, onEvent: OnEvent, runId?: string) => {
    const { promise: done, resolve, reject } = Promise.withResolvers<void>()
    const aborting = new AbortController()
    const reading = { done, stop: () => end() }
    const end = () => {
      readings.delete(reading)
      aborting.abort()
    }
    readings.add(reading)
    const read = async () => {
      // Measured against long-poll: the same for few threads, and half of its latency for some hundred.
      const response = await handle.stream<Finish>({ offset, live: 'sse', signal: aborting.signal })
      let runIsOpen = runId !== undefined
      response.subscribeJson(({ items, upToDate }) => {
        for (const event of items) {
          if (aborting.signal.aborted) return
          const finished = (event.type as string) === 'RUN_FINISHED'
          runIsOpen = !finished
          onEvent(event)
          if (!finished || event.runId !== runId) continue
          end()
          return resolve()
        }
        if (!upToDate || runIsOpen) return
        end()
        resolve()
      })
      await response.closed
    }
    read().catch((error) => {
      if (aborting.signal.aborted) return
      end()
      // A thread that nothing was appended to has no stream, and no run.
      if (runId === undefined && error instanceof FetchError && error.status === 404) resolve()
      else reject(error)
    })
    return reading
  }

  return {
    prepare: async (threadIds) => {
      for (let start = 0; start < threadIds.length; start += PREPARED_AT_ONCE)
        await Promise.all(
          threadIds.slice(start, start + PREPARED_AT_ONCE).map((threadId) => endOf(handleOf(threadId))),
        )
    },
    run: async (threadId, script, onEvent) => {
      const handle = handleOf(threadId)
      const ids = { threadId, runId: randomUUID() }
      const offset = await endOf(handle)
      const failed = Promise.withResolvers<never>()
      // Appends that are not awaited become one request while the request before is in flight.
      const emit = (event: BaseEvent) => void handle.append(JSON.stringify(event)).catch(failed.reject)
      emit({ type: 'RUN_STARTED', ...ids } as unknown as BaseEvent)
      const reading = follow(handle, offset, onEvent, ids.runId)
      const play = async () => {
        await script(emit)
        emit({ type: 'RUN_FINISHED', ...ids } as unknown as BaseEvent)
      }
      try {
        await Promise.race([failed.promise, Promise.all([play(), reading.done])])
      } finally {
        reading.stop()
      }
    },
    connect: (threadId, onEvent) => follow(handleOf(threadId), START_OF_STREAM, onEvent),
    close: async () => {
      for (const reading of readings) reading.stop()
    },
  }
}
