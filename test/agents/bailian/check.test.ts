import { describe, expect, it } from 'vitest'
import { check } from '../../../src/agents/bailian/check.ts'
import { useFake } from '../suite/fake-server.ts'
import { API_KEY, fakeBailian } from './fake-bailian.ts'
import { errorBody } from './frame.ts'
import { settingsFor } from './use-bailian.ts'

const signal = () => AbortSignal.timeout(5_000)

const useChecked = async () => {
  const { handler, conversations } = fakeBailian()
  const fake = await useFake(handler)
  const checked = (more: object = {}) => check(settingsFor(fake.url, { ...more }), signal())
  return { fake, checked, conversations }
}

const answering = async (status: number, body: object | string) => {
  const fake = await useFake((_, answer) =>
    typeof body === 'string' ? answer.text(body, status) : answer.json(body, status, { 'retry-after': '0' }),
  )
  return check(settingsFor(fake.url), signal())
}

describe('a check', () => {
  it('proves host, key and application by a request that cannot run', async () => {
    const { checked, fake, conversations } = await useChecked()
    const result = await checked()
    expect(result).toMatchObject({ ok: true, detail: expect.stringContaining('costs nothing') })
    expect(fake.requests.map(({ body }) => body)).toEqual([{}])
    expect(conversations).toEqual([])
  })

  it('tells a wrong key, a wrong application and a wrong host apart, each with what to do', async () => {
    const { checked } = await useChecked()
    expect(await checked({ api_key: 'sk-wrong' })).toEqual({
      ok: false,
      problem: 'Bailian does not accept the API key (InvalidApiKey).',
      fix: expect.stringContaining('api_key'),
    })
    expect(await checked({ app_id: 'wrong' })).toEqual({
      ok: false,
      problem: expect.stringContaining('no application "wrong"'),
      fix: expect.stringContaining('app_id'),
    })
    expect(await checked({ api_base: 'http://127.0.0.1:1' })).toEqual({
      ok: false,
      problem: expect.stringContaining('http://127.0.0.1:1'),
      fix: expect.stringContaining('https://dashscope.aliyuncs.com'),
    })
  })

  it.each([
    [200, '<html>Welcome</html>'],
    [404, '<html>Not found</html>'],
    [404, { error: 'no route' }],
    [400, errorBody('InvalidURL', 'Invalid URL provided in your request.')],
  ])('takes %i %j for another host', async (status, body) => {
    expect(await answering(status, body)).toMatchObject({
      ok: false,
      fix: expect.stringContaining('api_base'),
    })
  })

  it.each([
    [403, 'Workspace.AccessDenied', 'workspace'],
    [401, 'NOT AUTHORIZED', 'workspace'],
    [400, 'Arrearage', 'balance'],
    [400, 'FlowNotPublished', 'publish'],
    [429, 'Throttling.RateQuota', 'later'],
    [500, 'InternalError.Algo', 'later'],
  ])('says what to do about %i %s', async (status, code, todo) => {
    expect(await answering(status, errorBody(code, 'Oh.'))).toEqual({
      ok: false,
      problem: expect.stringContaining(code),
      fix: expect.stringContaining(todo),
    })
  })

  it('tells what it does not know as it was told, without the key', async () => {
    const result = await answering(418, errorBody('Teapot', `Short and stout: ${API_KEY}`))
    expect(result).toMatchObject({ ok: false, fix: expect.stringContaining('Short and stout') })
    expect(JSON.stringify(result)).not.toContain(API_KEY)
  })

  it('ends with its signal', async () => {
    const fake = await useFake(({ closed }) => closed)
    const result = await check(settingsFor(fake.url), AbortSignal.timeout(50))
    expect(result).toMatchObject({ ok: false, problem: expect.stringContaining('in time') })
  })
})
