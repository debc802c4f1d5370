import type { FetchLike } from '@modelcontextprotocol/sdk/shared/transport.js'
import type { RequestId } from '@modelcontextprotocol/sdk/types.js'

/** The answer may still be on its way through the SDK's parser when its stream has ended. */
const SETTLE_MS = 100

/**
 * `fetch` that tells of requests whose event stream ended: if the answer was not in it, it will never come, but the
 * SDK waits for it until the time-out. Streams that can be resumed, since they have event ids, are left to the SDK.
 */
export const watchedFetch =
  (onStreamEnd: (id: RequestId) => void): FetchLike =>
  async (url, init) => {
    const response = await fetch(url, init)
    const id = requestIdOf(init)
    const isStream = response.headers.get('content-type')?.includes('text/event-stream')
    if (id === undefined || !isStream || response.body === null) return response
    const body = watched(response.body, () => void setTimeout(onStreamEnd, SETTLE_MS, id).unref())
    const { status, statusText, headers } = response
    return new Response(body, { status, statusText, headers })
  }

const requestIdOf = (init: RequestInit | undefined): RequestId | undefined => {
  if (init?.method !== 'POST' || typeof init.body !== 'string') return undefined
  const { id, method } = JSON.parse(init.body) as { id?: RequestId; method?: string }
  return method === undefined ? undefined : id
}

const watched = (body: ReadableStream<Uint8Array>, onEnd: () => void): ReadableStream<Uint8Array> => {
  const reader = body.getReader()
  const decoder = new TextDecoder('latin1')
  let isResumable = false
  const ended = () => {
    if (!isResumable) onEnd()
  }
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read()
        if (done) {
          controller.close()
          ended()
          return
        }
        isResumable ||= /(^|\n)id:/.test(decoder.decode(value))
        controller.enqueue(value)
      } catch (error) {
        controller.error(error)
        ended()
      }
    },
    cancel: (reason) => reader.cancel(reason),
  })
}
