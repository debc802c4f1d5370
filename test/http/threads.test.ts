import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { talkOf } from '../support/agents.ts'
import { eventsOf, framesOf, jsonOf, post, type Stack, saidIn, startStack } from './stack.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.close())

const question = (threadId: string) => ({
  threadId,
  messages: [{ id: randomUUID(), role: 'user', content: 'Hi' }],
})
const pathOf = (threadId: string) => `/threads/${encodeURIComponent(threadId)}`

/** Reads a stream up to a number of events and leaves. */
const readUntil = async (
  url: string,
  count: number,
  init: RequestInit,
): Promise<ReturnType<typeof framesOf>> => {
  const leaving = new AbortController()
  const { body } = await fetch(url, { ...init, signal: leaving.signal })
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of body!) {
    text += decoder.decode(chunk, { stream: true })
    if (framesOf(text).length >= count) break
  }
  leaving.abort()
  return framesOf(text).slice(0, count)
}

/** What each message and call of a stream says. */
const wordsOf = (events: ReturnType<typeof eventsOf>): Record<string, string> => {
  const words: Record<string, string> = {}
  for (const { messageId, toolCallId, delta } of events) {
    if (typeof delta !== 'string') continue
    const key = String(messageId ?? toolCallId)
    words[key] = (words[key] ?? '') + delta
  }
  return words
}

describe('threads over HTTP', () => {
  it.each(['a/b', '../up', '你好 ü?#&%', '.'.repeat(3), 'x'.repeat(500)])('take any id: %s', async (id) => {
    const threadId = `${id}-${randomUUID()}`
    const ran = await post(`${stack.url}/agents/demo/run`, question(threadId))
    expect(ran.headers.get('content-type')).toMatch(/^text\/event-stream/)
    const live = await ran.text()
    expect(eventsOf(live).at(-1)?.type).toBe('RUN_FINISHED')

    const replayed = await (await fetch(`${stack.secondUrl}${pathOf(threadId)}/events`)).text()
    expect(saidIn(replayed)).toBe(saidIn(live))
    const status = await (await fetch(`${stack.secondUrl}${pathOf(threadId)}`)).json()
    expect(status).toMatchObject({
      threadId,
      running: false,
      runs: [{ agentId: 'demo', status: 'finished' }],
    })
  })

  it('are 404 when nobody ever ran on them, replay empty, and are not made by asking', async () => {
    const threadId = `unknown-${randomUUID()}`
    for (let time = 0; time < 2; time += 1) {
      const status = await fetch(`${stack.url}${pathOf(threadId)}`)
      expect([status.status, (await jsonOf(status)).error]).toEqual([404, 'THREAD_UNKNOWN'])
      expect(await (await fetch(`${stack.url}${pathOf(threadId)}/events`)).text()).toBe('')
    }
  })

  it('show later runs to a reader that follows, which ends with its connection', async () => {
    const threadId = `t-${randomUUID()}`
    await (await post(`${stack.url}/agents/demo/run`, question(threadId))).text()
    const leaving = new AbortController()
    const url = `${stack.secondUrl}${pathOf(threadId)}/events?follow=true`
    const followed = await fetch(url, { signal: leaving.signal })
    const decoder = new TextDecoder()
    let text = ''
    let asked = false
    for await (const chunk of followed.body!) {
      text += decoder.decode(chunk, { stream: true })
      const finished = eventsOf(text).filter(({ type }) => type === 'RUN_FINISHED').length
      if (finished === 1 && !asked) {
        asked = true
        void post(`${stack.url}/agents/demo/run`, question(threadId)).then((ran) => ran.text())
      }
      if (finished === 2) break
    }
    leaving.abort()
    expect(eventsOf(text).filter(({ type }) => type === 'RUN_STARTED').length).toBe(2)
  })

  it('go on exactly where a reader left a live run, in whichever process it comes back', async () => {
    const threadId = `t-${randomUUID()}`
    const path = `${pathOf(threadId)}/events`
    const asked = { method: 'POST', headers: { 'content-type': 'application/json' } }
    // The caller's own stream breaks first, then two readers' in turn.
    let read = await readUntil(`${stack.url}/agents/slow/run`, 5, {
      ...asked,
      body: JSON.stringify(question(threadId)),
    })
    for (const url of [stack.secondUrl, stack.url]) {
      const lastId = read.at(-1)?.id ?? ''
      read = [
        ...read,
        ...(await readUntil(`${url}${path}?after=0`, 5, { headers: { 'last-event-id': lastId } })),
      ]
    }
    expect(read.map(({ id }) => id)).toEqual(read.map((_, at) => String(at + 1)))

    const rest = fetch(`${stack.secondUrl}${path}?after=${read.at(-1)?.id}`)
    await post(`${stack.url}${pathOf(threadId)}/stop`, {})
    read = [...read, ...framesOf(await (await rest).text())]
    expect(read.at(-1)?.event.type).toBe('RUN_FINISHED')
    expect(read.filter(({ event }) => event.type === 'RUN_STARTED').length).toBe(1)
    const words = read.map(({ event }) => event.delta ?? '').join('')
    expect(words).toBe(talkOf(words.split(' ').length - 1))
  })

  it('go on exactly where a reader left them, also when the run was compacted meanwhile', async () => {
    const threadId = `t-${randomUUID()}`
    const live = framesOf(await (await post(`${stack.url}/agents/demo/run`, question(threadId))).text())
    const url = `${stack.secondUrl}${pathOf(threadId)}/events`
    await vi.waitFor(async () => {
      expect(eventsOf(await (await fetch(url)).text()).length).toBeLessThan(live.length)
    }, 10_000)
    for (const [at, { id }] of live.entries()) {
      const rest = framesOf(await (await fetch(url, { headers: { 'last-event-id': id ?? '' } })).text())
      const read = [...live.slice(0, at + 1), ...rest].map(({ event }) => event)
      expect(wordsOf(read)).toEqual(wordsOf(live.map(({ event }) => event)))
      const others = (events: typeof read) => events.filter(({ delta }) => typeof delta !== 'string')
      expect(others(read)).toEqual(others(live.map(({ event }) => event)))
      expect(rest.at(-1)?.id).toBe(at === live.length - 1 ? undefined : live.at(-1)?.id)
    }
  })

  it('refuse what is no cursor, and tell one that the thread never gave', async () => {
    const threadId = `t-${randomUUID()}`
    await (await post(`${stack.url}/agents/demo/run`, question(threadId))).text()
    const url = `${stack.url}${pathOf(threadId)}/events`
    for (const answer of [
      await fetch(`${url}?after=x`),
      await fetch(`${url}?after=`),
      await fetch(`${url}?after=1`, { headers: { 'last-event-id': 'x' } }),
    ]) {
      expect([answer.status, (await jsonOf(answer)).error]).toEqual([400, 'INPUT_INVALID'])
    }
    const unknown = eventsOf(await (await fetch(`${url}?after=999`)).text())
    expect(unknown).toEqual([expect.objectContaining({ type: 'RUN_ERROR', code: 'CURSOR_UNKNOWN' })])
  })

  it('are deleted, after which they are unknown, and their readers told', async () => {
    const threadId = `t-${randomUUID()}`
    await (await post(`${stack.url}/agents/demo/run`, question(threadId))).text()
    const followed = await fetch(`${stack.secondUrl}${pathOf(threadId)}/events?follow=true`)
    const reader = followed.body!.getReader()
    const first = await reader.read()
    expect(first.done).toBe(false)

    const deleted = await fetch(`${stack.url}${pathOf(threadId)}`, { method: 'DELETE' })
    expect([deleted.status, (await jsonOf(deleted)).deleted]).toEqual([200, true])
    let last = ''
    for (let part = await reader.read(); !part.done; part = await reader.read())
      last = new TextDecoder().decode(part.value)
    expect(eventsOf(last).at(-1)).toMatchObject({ type: 'RUN_ERROR', code: 'THREAD_DELETED' })
    for (const method of ['GET', 'DELETE']) {
      const gone = await fetch(`${stack.secondUrl}${pathOf(threadId)}`, { method })
      expect([gone.status, (await jsonOf(gone)).error]).toEqual([404, 'THREAD_UNKNOWN'])
    }
  })

  it('go on when the client that started a run leaves, until any process stops exactly that run', async () => {
    const threadId = `t-${randomUUID()}`
    const leaving = new AbortController()
    const ran = await fetch(`${stack.url}/agents/slow/run`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...question(threadId), runId: 'the-run' }),
      signal: leaving.signal,
    })
    const reader = ran.body!.getReader()
    await reader.read()
    leaving.abort()
    await reader.read().catch(() => {})

    const stopUrl = `${stack.secondUrl}${pathOf(threadId)}/stop`
    const other = await (await post(stopUrl, { runId: 'another' })).json()
    expect(other).toEqual({ stopped: false, message: expect.stringContaining('"another"') })
    const stopped = await (await post(stopUrl, { runId: 'the-run' })).json()
    expect(stopped).toEqual({ stopped: true, message: expect.stringContaining('was stopped') })
    const again = await jsonOf(await fetch(stopUrl, { method: 'POST' }))
    expect(again.stopped).toBe(false)
    const status = await (await fetch(`${stack.url}${pathOf(threadId)}`)).json()
    expect(status).toMatchObject({ running: false, runs: [{ runId: 'the-run', cause: 'stop' }] })
  })

  it('tell a second run on a busy thread that it is busy, in the same way in every process', async () => {
    const threadId = `t-${randomUUID()}`
    const first = await post(`${stack.url}/agents/slow/run`, question(threadId))
    const reader = first.body!.getReader()
    await reader.read()
    for (const url of [stack.url, stack.secondUrl]) {
      const second = await (await post(`${url}/agents/demo/run`, question(threadId))).text()
      expect(eventsOf(second)).toEqual([expect.objectContaining({ type: 'RUN_ERROR', code: 'THREAD_BUSY' })])
    }
    await post(`${stack.url}${pathOf(threadId)}/stop`, {})
    await reader.cancel()
  })
})
