import { connect } from 'node:net'
import type { BaseEvent } from '@ag-ui/client'
import { NEVER, Observable, of, Subject, throwError } from 'rxjs'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { RunnerError } from '../../src/errors.ts'
import { type SseOptions, sendEvents } from '../../src/http/sse.ts'
import { eventsOf, listenOn } from './stack.ts'

const event = (size = 0) => ({ type: 'CUSTOM', name: 'n', value: 'x'.repeat(size) }) as unknown as BaseEvent

const serve = async (events: Observable<BaseEvent>, options: Partial<SseOptions> = {}) => {
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
    const url = await serve(new Observable<BaseEvent>(() => released))
    const leaving = new AbortController()
    await fetch(url, { signal: leaving.signal })
    leaving.abort()
    await vi.waitFor(() => expect(released).toHaveBeenCalledOnce())
  })

  it('gives up a reader that falls too far behind, and tells it', async () => {
    const source = new Subject<BaseEvent>()
    const url = await serve(source)
    const reader = lazyReader(url)
    await vi.waitFor(() => expect(source.observed).toBe(true))
    for (let count = 0; count < 1_000 && source.observed; count += 1) {
      source.next(event(100_000))
      await new Promise(setImmediate)
    }
    expect(source.observed).toBe(false)
    expect(await reader.read()).toContain('"code":"READER_TOO_SLOW"')
  })

  it('takes a replay of any size in one go', async () => {
    const url = await serve(of(...Array.from({ length: 200 }, () => event(100_000))))
    expect(eventsOf(await (await fetch(url)).text()).length).toBe(200)
  })
})
