import { describe, expect, it } from 'vitest'
import { check } from '../../../src/agents/dify/check.ts'
import { difySettings } from '../../../src/agents/dify/settings.ts'
import { useFake } from '../suite/fake-server.ts'
import { FakeDify, KEY } from './fake-dify.ts'

const useCheck = async (settings: object = {}, change: Partial<FakeDify> = {}) => {
  const dify = Object.assign(new FakeDify(), change)
  const server = await useFake(dify.handler)
  const given = difySettings.parse({ api_key: KEY, api_base: server.url, ...settings })
  const result = await check(given, AbortSignal.timeout(5_000))
  return { result, requests: server.requests.map(({ method, path }) => `${method} ${path}`) }
}

const mode = (name: string) => ({ info: { name: 'Moon app', mode: name } })

describe('a look at Dify', () => {
  it('proves the key, by a call that costs no tokens', async () => {
    const { result, requests } = await useCheck()
    expect(result).toEqual({ ok: true, detail: 'the key is that of the app "Moon app" (chat)' })
    expect(requests).toEqual(['GET /info'])
  })

  it('tells a wrong key, without saying it', async () => {
    const { result } = await useCheck({ api_key: 'app-wrong-key' })
    expect(result).toMatchObject({ ok: false, fix: expect.stringContaining('API Access') })
    expect(JSON.stringify(result)).not.toContain('app-wrong-key')
  })

  it('tells a host where nothing is', async () => {
    const { result } = await useCheck({ api_base: 'http://127.0.0.1:1' })
    expect(result).toMatchObject({ ok: false, problem: expect.stringContaining('127.0.0.1:1') })
    expect(result).toMatchObject({ fix: expect.stringContaining('host') })
  })

  it.each([
    ['a page', 'text/html', '<html>', 200],
    ['no page', 'text/html', '<html>', 404],
    ['other JSON', 'application/json', '{"ok": true}', 200],
    ['null', 'application/json', 'null', 200],
  ])('tells a host that is not Dify’s API: %s', async (_, type, body, status) => {
    const server = await useFake((_request, answer) => answer.text(body, status, { 'content-type': type }))
    const settings = difySettings.parse({ api_key: KEY, api_base: server.url })
    const result = await check(settings, AbortSignal.timeout(5_000))
    expect(result).toMatchObject({ ok: false, fix: expect.stringContaining('/v1') })
  })

  it('tells a key that may not', async () => {
    const refusals = [{ status: 403, code: 'forbidden', message: 'The app’s API service has been disabled.' }]
    const { result } = await useCheck({}, { refusals })
    expect(result).toMatchObject({ ok: false, fix: expect.stringContaining('Switch') })
  })

  it('tells a Dify that fails, or does not answer in time', async () => {
    const refusals = [{ status: 500, code: 'internal_server_error', message: 'Internal Server Error.' }]
    const { result } = await useCheck({}, { refusals })
    expect(result).toMatchObject({ ok: false, fix: expect.stringContaining('logs') })
    const silent = await useFake(() => {})
    const settings = difySettings.parse({ api_key: KEY, api_base: silent.url })
    expect(await check(settings, AbortSignal.timeout(50))).toMatchObject({
      ok: false,
      problem: expect.stringContaining('in time'),
    })
    expect(await check({ ...settings, timeout: 0.05 }, AbortSignal.timeout(5_000))).toMatchObject({
      ok: false,
      problem: expect.stringContaining('said nothing'),
    })
  })

  it('tells an app that refuses', async () => {
    const refusals = [{ status: 400, code: 'app_unavailable', message: 'App unavailable' }]
    const { result } = await useCheck({}, { refusals })
    expect(result).toMatchObject({ ok: false, problem: expect.stringContaining('App unavailable') })
  })

  it.each([
    ['chat', 'workflow', 'workflow'],
    ['chat', 'completion', 'completion'],
    ['workflow', 'advanced-chat', 'chatflow'],
    ['completion', 'agent-chat', 'agent'],
  ])('tells an app of another kind: %s, but it is %s', async (api_type, kind, fitting) => {
    const { result } = await useCheck({ api_type }, mode(kind))
    expect(result).toMatchObject({ ok: false, fix: expect.stringContaining(`api_type: ${fitting},`) })
  })

  it.each([
    ['chat', 'advanced-chat', 'api_type chatflow would say so'],
    ['agent', 'agent', '(agent)'],
    ['agent', 'agent-chat', '(agent-chat)'],
    ['chat', 'later-kind', 'none that is known'],
    ['chat', undefined, 'does not tell what kind'],
  ])('takes the kinds of chat for each other: %s, and it is %s', async (api_type, kind, detail) => {
    const { result } = await useCheck({ api_type }, { info: { name: 'Moon app', mode: kind } })
    expect(result).toMatchObject({ ok: true, detail: expect.stringContaining(detail) })
  })

  it('says which input takes what a person writes, and which ones are missing', async () => {
    const looked = (settings: object) => useCheck({ api_type: 'workflow', ...settings }, mode('workflow'))
    const lost = await looked({})
    expect(lost.requests).toEqual(['GET /info', 'GET /parameters'])
    expect(lost.result).toMatchObject({
      ok: true,
      detail: expect.stringMatching(/no input "astrbot_text_query".*but "city"; each run has to give "city"/),
    })
    const good = 'the key is that of the app "Moon app" (workflow)'
    expect((await looked({ query_input_key: 'city' })).result).toEqual({ ok: true, detail: good })
    const given = await looked({ variables: { city: 'Bonn' } })
    expect(given.result).toMatchObject({ detail: expect.not.stringContaining('each run') })
  })
})
