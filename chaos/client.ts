import { messageOf } from '../src/errors.ts'
import type { Recording, Recordings, StopRecord } from './recording.ts'
import type { Script } from './script.ts'

/** No stream of the load lasts longer, whatever is killed meanwhile. */
const STREAM_MS_MAX = 120_000
const STOP_MS_MAX = 40_000

/** Speaks plain HTTP with one API process at a time, and records everything. */
export const createClient = (recordings: Recordings) => ({
  /** Runs the chaos agent; resolves when the stream is over, however it ended. */
  run: (url: string, threadId: string, runId: string, script: Script): Promise<Recording> => {
    const messages = [{ id: `user-${runId}`, role: 'user', content: runId }]
    const body = JSON.stringify({ threadId, runId, messages, forwardedProps: script })
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body }
    return record(recordings, { ask: 'run', threadId, runId, url }, `${url}/agents/chaos/run`, init)
  },
  connect: (url: string, threadId: string): Promise<Recording> =>
    record(
      recordings,
      { ask: 'connect', threadId, url },
      `${url}/threads/${encodeURIComponent(threadId)}/events`,
    ),
  stop: async (url: string, threadId: string, runId: string): Promise<StopRecord> => {
    const stop: StopRecord = { threadId, runId, askedAt: Date.now() }
    recordings.stops.push(stop)
    try {
      const response = await fetch(`${url}/threads/${encodeURIComponent(threadId)}/stop`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ runId }),
        signal: AbortSignal.timeout(STOP_MS_MAX),
      })
      const answer = (await response.json()) as { stopped?: boolean | null }
      stop.stopped = response.ok ? answer.stopped : 'broken'
    } catch {
      stop.stopped = 'broken'
    }
    stop.answeredAt = Date.now()
    return stop
  },
})

export type Client = ReturnType<typeof createClient>

type Asked = Pick<Recording, 'ask' | 'threadId' | 'runId' | 'url'>

const record = async (
  recordings: Recordings,
  asked: Asked,
  address: string,
  init: RequestInit = {},
): Promise<Recording> => {
  const recording: Recording = { ...asked, askedAt: Date.now(), received: [] }
  recordings.streams.push(recording)
  try {
    const response = await fetch(address, { ...init, signal: AbortSignal.timeout(STREAM_MS_MAX) })
    if (!response.ok || response.body === null) {
      recording.end = { how: 'refused', status: response.status, text: await response.text() }
    } else {
      await read(response.body, (text) => {
        recordings.events += 1
        recording.received.push({ event: JSON.parse(text), text, time: Date.now() })
      })
      recording.end = { how: 'complete' }
    }
  } catch (error) {
    recording.end = { how: 'broken', why: messageOf(error) }
  }
  recording.endedAt = Date.now()
  return recording
}

/** Server-sent events as this server writes them: one line of data each, behind one with the id. */
const read = async (body: ReadableStream<Uint8Array>, onData: (text: string) => void): Promise<void> => {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body) {
    const frames = (rest + decoder.decode(chunk, { stream: true })).split('\n\n')
    rest = frames.pop() ?? ''
    for (const line of frames.flatMap((frame) => frame.split('\n')))
      if (line.startsWith('data: ')) onData(line.slice('data: '.length))
  }
  if (rest !== '') throw new Error('The stream ended inside of a frame.')
}
