import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LIMITS } from '../../src/config.ts'
import { eventsOf, jsonOf, post, type Stack, startStack } from './stack.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.close())

const message = { id: 'm', role: 'user', content: 'Hi' }
const huge = { id: 'm', role: 'user', content: 'x'.repeat(LIMITS.recordBytesMax) }

describe('a bad request', () => {
  it.each([
    ['no JSON', '{"threadId": ', 400, 'BODY_NOT_JSON', 'not JSON'],
    ['no object', '[]', 400, 'INPUT_INVALID', 'body'],
    ['no threadId', { messages: [message] }, 400, 'INPUT_INVALID', 'threadId'],
    ['an empty threadId', { threadId: '', messages: [] }, 400, 'INPUT_INVALID', 'threadId'],
    ['a number as threadId', { threadId: 1, messages: [] }, 400, 'INPUT_INVALID', 'threadId'],
    ['no messages', { threadId: 't' }, 400, 'INPUT_INVALID', 'messages'],
    [
      'a message without id',
      { threadId: 't', messages: [{ role: 'user' }] },
      400,
      'INPUT_INVALID',
      'messages.0.id',
    ],
    ['more than a command holds', { threadId: 't', messages: [huge] }, 413, 'INPUT_TOO_LARGE', 'bytes'],
    ['more than is read', 'x'.repeat(4 * LIMITS.recordBytesMax + 1), 413, 'BODY_TOO_LARGE', 'larger than'],
  ])('with %s is refused and says why', async (_name, body, status, error, part) => {
    const answer = await post(`${stack.url}/agents/demo/run`, body)
    expect(answer.status).toBe(status)
    expect(await answer.json()).toEqual({ error, message: expect.stringContaining(part) })
  })

  it('without a JSON content type is refused: a page of another origin could send it unasked', async () => {
    const answer = await post(
      `${stack.url}/agents/demo/run`,
      { threadId: 't', messages: [] },
      { 'content-type': 'text/plain' },
    )
    expect([answer.status, (await jsonOf(answer)).error]).toEqual([415, 'BODY_NOT_JSON'])
  })

  it('with an unknown field in a stop is refused, as a misspelt runId would stop any run', async () => {
    const answer = await post(`${stack.url}/threads/t/stop`, { runid: 'r' })
    expect([answer.status, (await jsonOf(answer)).error]).toEqual([400, 'INPUT_INVALID'])
  })

  it('with a path that is no URI, or a query that is not true or false, is refused', async () => {
    expect((await fetch(`${stack.url}/threads/%zz/events`)).status).toBe(400)
    expect((await fetch(`${stack.url}/threads/t/events?follow=maybe`)).status).toBe(400)
  })

  it('for an agent that no worker has ends with a RUN_ERROR', async () => {
    const answer = await post(`${stack.url}/agents/nobody/run`, {
      threadId: 'for-nobody',
      messages: [message],
    })
    expect(eventsOf(await answer.text())).toEqual([
      expect.objectContaining({ type: 'RUN_ERROR', code: 'UNKNOWN_AGENT' }),
    ])
  })

  it("to CopilotKit's runtime with more than is read is refused too", async () => {
    const body = 'x'.repeat(4 * LIMITS.recordBytesMax + 1)
    expect((await post(`${stack.url}/api/copilotkit/agent/demo/run`, body)).status).toBe(413)
  })

  it('for what there is not names what there is', async () => {
    const answer = await fetch(`${stack.url}/nothing`)
    expect(answer.status).toBe(404)
    expect(await answer.json()).toEqual({ error: 'NOT_FOUND', message: expect.stringContaining('/readyz') })
  })
})

describe('web pages', () => {
  const ask = (origin: string, method = 'GET') =>
    fetch(`${stack.url}/threads/t`, { method, headers: { origin } })

  it('of this machine may use the server', async () => {
    const answer = await ask('http://localhost:3000')
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([
      404,
      'http://localhost:3000',
    ])
    expect((await ask('http://localhost:3000', 'OPTIONS')).status).toBe(204)
  })

  it.each(['https://evil.example', 'http://localhost.evil.example', 'null'])(
    'of %s may not',
    async (origin) => {
      const answer = await ask(origin)
      expect([answer.status, (await jsonOf(answer)).error]).toEqual([403, 'ORIGIN_NOT_ALLOWED'])
      expect(answer.headers.get('access-control-allow-origin')).toBeNull()
    },
  )
})
