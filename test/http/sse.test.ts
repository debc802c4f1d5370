import { connect } from 'node:net'
import type { BaseEvent } from '@ag-ui/client'
import { NEVER, Observable, of, Subject, throwError } from 'rxjs'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { RunnerError } from '../../src/errors.ts'
import { type SentEvent, type SseOptions, sendEvents } from '../../src/http/sse.ts'
import { eventsOf, framesOf, listenOn } from './stack.ts'

const event = (size = 0, cursor?: string): SentEvent => ({
  event: { type: 'CUSTOM', name: 'n', value: 'x'.repeat(size) } as unknown as BaseEvent,
  cursor,
})

const serve = async (events: Observable<SentEvent>, options: Partial<SseOptions> = {}) => {
  const server = await listenOn((_request, response) =>
    sendEvents(response, events, { keepAliveMs: 15_000, pendingBytesMax: 1_000_000, ...options }),
  )
  onTestFinished(() => server.close())
  return server.url
}

/** Connects and reads nothing until it is told to. */
const lazyReader = (url: string) => {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.pause()
  socket.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
  onTestFinished(() => void socket.destroy())
  let text = ''
  const read = () =>
    new Promise<string>((resolve) => {
      socket.on('data', (chunk) => {
        text += chunk
      })
      socket.on('error', () => resolve(text))
      socket.resume()
      socket.on('close', () => resolve(text))
    })
  return { socket, read }
}

describe('an event stream', () => {
  it('ends with a RUN_ERROR where its source errs', async () => {
    const url = await serve(throwError(() => new RunnerError('READ_FAILED', 'gone')))
    expect(eventsOf(await (await fetch(url)).text())).toEqual([
      { type: 'RUN_ERROR', code: 'READ_FAILED', message: 'gone' },
    ])
  })

  it('keeps a quiet connection open with comments', async () => {
    const url = await serve(NEVER, { keepAliveMs: 20 })
    const reader = (await fetch(url)).body!.getReader()
    expect(new TextDecoder().decode((await reader.read()).value)).toBe(': keep-alive\n\n')
    await reader.cancel()
  })

  it('lets go of its source when the reader leaves', async () => {
    const released = vi.fn()
    const url = await serve(new Observable<SentEvent>(() => released))
    const leaving = new AbortController()
    await fetch(url, { signal: leaving.signal })
    leaving.abort()
    await vi.waitFor(() => expect(released).toHaveBeenCalledOnce())
  })

  it('gives each event the cursor it came with as its id, and none to what ends the stream', async () => {
    const failing = new Observable<SentEvent>((subscriber) => {
      subscriber.next(event(1, '7'))
      subscriber.next(event(1, '7.3'))
      subscriber.next(event(1))
      subscriber.error(new RunnerError('READ_FAILED', 'gone'))
    })
    const url = await serve(failing)
    const frames = framesOf(await (await fetch(url)).text())
    expect(frames.map(({ id, event }) => [id, event.type])).toEqual([
      ['7', 'CUSTOM'],
      ['7.3', 'CUSTOM'],
      [undefined, 'CUSTOM'],
      [undefined, 'RUN_ERROR'],
    ])
  })

  it('gives up a reader that falls too far behind, and tells it where to go on', async () => {
    const source = new Subject<SentEvent>()
    const url = await serve(source)
    const reader = lazyReader(url)
    await vi.waitFor(() => expect(source.observed).toBe(true))
    for (let count = 0; count < 1_000 && source.observed; count += 1) {
      source.next(event(100_000, String(count + 1)))
      await new Promise(setImmediate)
    }
    expect(source.observed).toBe(false)
    const text = await reader.read()
    const last = text
      .match(/^id: \d+$/gm)
      ?.at(-1)
      ?.slice(4)
    expect(last).toBeDefined()
    // All that was sent has arrived, then the reason.
    expect(text.match(/^id: \d+$/gm)?.length).toBe(Number(last))
    expect(text).toContain('"code":"READER_TOO_SLOW"')
    expect(text).toContain(`with the cursor ${last} `)
  })

  it('lets one that reads nothing hold up nobody else', async () => {
    const source = new Subject<SentEvent>()
    const url = await serve(source, { pendingBytesMax: 100_000_000 })
    lazyReader(url)
    const other = fetch(url)
    await vi.waitFor(() => expect(source.observers.length).toBe(2))
    for (let count = 0; count < 200; count += 1) source.next(event(100_000, String(count + 1)))
    source.complete()
    expect(framesOf(await (await other).text()).map(({ id }) => Number(id))).toEqual(
      Array.from({ length: 200 }, (_, at) => at + 1),
    )
  })

  it('takes a replay of any size in one go', async () => {
    const url = await serve(of(...Array.from({ length: 200 }, () => event(100_000))))
    expect(eventsOf(await (await fetch(url)).text()).length).toBe(200)
  })
})
