import { describe, expect, it } from 'vitest'
import { check } from '../../../src/agents/coze/check.ts'
import { cozeSettings } from '../../../src/agents/coze/settings.ts'
import { type Handler, useFake } from '../suite/fake-server.ts'
import { BOT, FakeCoze, KEY } from './fake-coze.ts'

const checked = async (
  changed: Record<string, unknown> = {},
  handler?: Handler,
  prepare?: (coze: FakeCoze) => void,
) => {
  const coze = new FakeCoze()
  prepare?.(coze)
  const fake = await useFake(handler ?? coze.handler)
  const settings = cozeSettings.parse({ api_key: KEY, bot_id: BOT, api_base: fake.url, ...changed })
  const result = await check(settings, AbortSignal.timeout(3_000))
  expect(JSON.stringify(result)).not.toContain(KEY)
  return { result, fake }
}

describe('a look at Coze', () => {
  it('proves host, key and bot by one call that costs nothing', async () => {
    const { result, fake } = await checked()
    expect(result).toEqual({ ok: true, detail: expect.stringContaining('Moon bot') })
    expect(fake.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([`GET /v1/bots/${BOT}`])
  })

  it('tells a wrong host: nothing there', async () => {
    const { result } = await checked({ api_base: 'http://127.0.0.1:1' })
    expect(result).toMatchObject({ ok: false, problem: expect.stringContaining('127.0.0.1:1') })
    expect(result).toMatchObject({ fix: expect.stringContaining('api_base') })
  })

  it.each<[string, Handler]>([
    ['a page', (_, answer) => answer.text('<html>Welcome</html>')],
    ['404', (_, answer) => answer.text('404 page not found', 404)],
    ['other JSON', (_, answer) => answer.json({ hello: 'world' })],
  ])('tells a wrong host: %s', async (_, handler) => {
    const { result } = await checked({}, handler)
    expect(result).toMatchObject({ ok: false, problem: expect.stringContaining('is not Coze') })
  })

  it.each([
    ['4100', (_, answer) => answer.json({ code: 4100, msg: `authentication is invalid ${KEY}` })],
    ['700012006', (_, answer) => answer.json({ code: 700012006, msg: 'access token invalid' }, 401)],
  ] as [string, Handler][])('tells a wrong key by %s', async (_, handler) => {
    const { result } = await checked({}, handler)
    expect(result).toMatchObject({ ok: false, problem: expect.stringContaining('does not take the key') })
    expect(result).toMatchObject({ fix: expect.stringContaining('api_key') })
  })

  it('tells a wrong key by 4101, which is said of missing permissions too', async () => {
    const { result } = await checked({ api_key: 'pat_wrong' })
    expect(result).toMatchObject({ ok: false, problem: expect.stringContaining('does not take the key') })
  })

  it('tells a wrong bot', async () => {
    const { result } = await checked({ bot_id: '123' })
    expect(result).toMatchObject({ ok: false, problem: expect.stringContaining('there is no bot 123') })
    expect(result).toMatchObject({ fix: expect.stringContaining('bot_id') })
  })

  it('tells a wrong key where the bot is wrong as well', async () => {
    const { result } = await checked({ bot_id: '123', api_key: 'pat_wrong' })
    expect(result).toMatchObject({ ok: false, problem: expect.stringContaining('does not take the key') })
  })

  it('says where a key may not do enough to tell', async () => {
    const { result } = await checked({}, undefined, (coze) => {
      coze.mayRead = false
    })
    expect(result).toMatchObject({ ok: false, problem: expect.stringContaining('The key is good') })
    expect(result).toMatchObject({ fix: expect.stringContaining('getMetadata') })
  })

  it('says where it cannot tell whether the key is good', async () => {
    const { result } = await checked({}, ({ path }, answer) =>
      path === '/v1/users/me' ? answer.text('404', 404) : answer.json({ code: 4200, msg: 'no such bot' }),
    )
    expect(result).toMatchObject({ ok: false, problem: expect.stringContaining('cannot be told') })
  })

  it('does not wait for ever', async () => {
    const fake = await useFake(async (_, answer) => answer.sse([': hello'], { open: true }))
    const settings = cozeSettings.parse({ api_key: KEY, bot_id: BOT, api_base: fake.url })
    const result = await check(settings, AbortSignal.timeout(100))
    expect(result).toMatchObject({ ok: false, fix: `Check that ${fake.url} answers.` })
  })

  it('tells a bot that is not published', async () => {
    const { result } = await checked({}, (_, answer) => answer.json({ code: 4015, msg: 'not published' }))
    expect(result).toMatchObject({ ok: false, fix: expect.stringContaining('Agent as API') })
  })
})
