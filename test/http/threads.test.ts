import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventsOf, jsonOf, post, type Stack, saidIn, startStack } from './stack.ts'

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
