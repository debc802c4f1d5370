import { describe, expect, it } from 'vitest'
import { documentedErrors } from './fixture.ts'
import { codeOf, useDify } from './use-dify.ts'

/** The app that makes the call; an upload comes before any of them. */
const API_TYPES: Record<string, string> = {
  '/chat-messages': 'chat',
  '/workflows/run': 'workflow',
  '/completion-messages': 'completion',
  '/files/upload': 'chat',
}

describe('every error that Dify documents', () => {
  const errors = documentedErrors()
    .filter(({ path }) => path in API_TYPES)
    .map((error) => [error.path, error.code, error] as const)

  it.each(errors)('is the RUN_ERROR’s code: %s %s', async (path, code, { status, message }) => {
    const { ask, dify, requests } = await useDify({ api_type: API_TYPES[path] })
    dify.refusals = Array.from({ length: 3 }, () => ({ path, status, code, message }))
    const content = [{ type: 'image', source: { type: 'data', value: 'AAAA', mimeType: 'image/png' } }]
    const run = await ask({ input: { messages: [{ id: 'm', role: 'user', content }] as never } })
    expect(codeOf(run)).toBe(code)
    expect(run.terminal.message).toContain(message)
    // Too many requests at once are over soon; a quota has the same status.
    expect(requests(path)).toHaveLength(status === 429 ? 3 : 1)
  })

  const ofRuns = errors.filter(([path]) => path !== '/files/upload')
  it.each(ofRuns)(
    'is the same in a stream, under HTTP 200: %s %s',
    async (path, code, { status, message }) => {
      const { ask, dify } = await useDify({ api_type: API_TYPES[path] })
      dify.streams = [[{ event: 'error', status, code, message }]]
      const run = await ask()
      expect(codeOf(run)).toBe(code)
      expect(run.terminal.message).toContain(message)
    },
  )
})
