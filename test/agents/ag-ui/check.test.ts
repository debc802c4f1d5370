import { describe, expect, it } from 'vitest'
import { check } from '../../../src/agents/ag-ui/check.ts'
import { agUiSettings } from '../../../src/agents/ag-ui/settings.ts'
import { useFake } from '../suite/fake-server.ts'
import { fakeEndpoint, KEY, PATH } from './fake-endpoint.ts'

describe('the check of ag-ui', () => {
  const checkOf = async (url: string, key = KEY) =>
    check(
      agUiSettings.parse({ url, headers: { authorization: `Bearer ${key}` } }),
      AbortSignal.timeout(5_000),
    )

  it('tells a good endpoint, and runs nothing for it', async () => {
    const platform = fakeEndpoint()
    const fake = await useFake(platform.handler)
    expect(await checkOf(fake.url + PATH)).toMatchObject({ ok: true })
    expect(fake.requests).toMatchObject([{ method: 'POST', body: {} }])
  })

  it('tells apart a wrong host, a wrong key and a wrong path', async () => {
    const fake = await useFake(fakeEndpoint().handler)
    const results = [
      await checkOf('http://127.0.0.1:1/agent'),
      await checkOf(fake.url + PATH, 'wrong-key-of-somebody'),
      await checkOf(`${fake.url}/agents`),
    ]
    expect(results).toMatchObject([
      {
        ok: false,
        problem: expect.stringContaining('cannot be reached'),
        fix: expect.stringContaining('host'),
      },
      { ok: false, problem: expect.stringContaining('credentials'), fix: expect.stringContaining('headers') },
      { ok: false, problem: expect.stringContaining('404'), fix: expect.stringContaining('path') },
    ])
    expect(JSON.stringify(results)).not.toContain('wrong-key-of-somebody')
  })

  it.each([
    [500, 'text/plain', false],
    [200, 'text/html', false],
    [307, 'text/plain', false],
    [200, 'text/event-stream', true],
  ])('of an endpoint that answers %d with %s', async (status, type, ok) => {
    const fake = await useFake((_, { raw }) => void raw.writeHead(status, { 'content-type': type }).end('x'))
    expect(await checkOf(fake.url)).toMatchObject({ ok })
  })
})
