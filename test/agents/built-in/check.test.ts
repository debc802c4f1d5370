import { describe, expect, it } from 'vitest'
import { check } from '../../../src/agents/built-in/check.ts'
import { builtInSettings } from '../../../src/agents/built-in/settings.ts'
import { providerSettings } from '../../../src/agents/providers/settings.ts'
import { type Handler, useFake } from '../suite/fake-server.ts'
import { fakeModel, KEY, MODEL } from './fake-model.ts'
import { providerOf } from './use-agent.ts'

const look = (provider: unknown, more: object = {}, providers = {}) =>
  check(builtInSettings.parse({ provider, ...more }), new AbortController().signal, providers)

const useModel = async () => {
  const model = fakeModel()
  return { model, fake: await useFake(model.handler) }
}

describe('a look at a chat provider', () => {
  it('proves host, key and model without a token', async () => {
    const { model, fake } = await useModel()
    const providers = { main: providerSettings.parse(providerOf(fake.url)) }
    expect(await look('main', {}, providers)).toEqual({
      ok: true,
      detail: `${fake.url}/v1 answers and has the model ${MODEL}`,
    })
    expect(model.asked).toEqual([])
  })

  it('tells a wrong host, a wrong key, a wrong model and a wrong path apart', async () => {
    const { fake } = await useModel()
    const gone = await useFake(() => {})
    await gone.stop()
    const right = providerOf(fake.url)
    const results = await Promise.all([
      look({ ...right, base_url: `${gone.url}/v1` }),
      look({ ...right, api_key: 'sk-wrong-0000000000' }),
      look({ ...right, model: 'gpt-0' }),
      look({ ...right, base_url: `${fake.url}/v2` }),
      look('main'),
    ])
    expect(results).toEqual([
      {
        ok: false,
        problem: `${gone.url}/v1 cannot be reached: ECONNREFUSED`,
        fix: 'Correct base_url, or start the server behind it.',
      },
      {
        ok: false,
        problem: `${fake.url}/v1 answered 401: Incorrect API key provided: ….`,
        fix: 'Correct api_key.',
      },
      {
        ok: false,
        problem: `${fake.url}/v1 answers, but has no model gpt-0`,
        fix: `Set model to one that it has: ${MODEL}`,
      },
      {
        ok: false,
        problem: expect.stringContaining('answered 404: Invalid URL (POST /v2/chat/completions)'),
        fix: expect.stringContaining('base_url'),
      },
      {
        ok: false,
        problem: expect.stringContaining('no chat provider "main"'),
        fix: expect.stringContaining('agents.yaml'),
      },
    ])
  })

  it('asks for one token where there is no list of models', async () => {
    const model = fakeModel()
    const handler: Handler = (request, answer) =>
      request.path === '/v1/models'
        ? answer.json({ detail: 'Not Found' }, 404)
        : model.handler(request, answer)
    const fake = await useFake(handler)
    expect(await look(providerOf(fake.url))).toMatchObject({
      ok: true,
      detail: expect.stringContaining('one token'),
    })
    expect(model.asked).toMatchObject([{ max_tokens: 1 }])
    expect(await look({ ...providerOf(fake.url), model: 'gpt-0' })).toMatchObject({
      ok: false,
      problem: expect.stringContaining('gpt-0'),
    })
  })

  it('says so where something else answers', async () => {
    const fake = await useFake((_, answer) => answer.text('<html>It works!</html>'))
    expect(await look(providerOf(fake.url))).toMatchObject({
      ok: false,
      problem: expect.stringContaining('no list of models'),
    })
  })

  it('looks at those that stand in, too', async () => {
    const { fake } = await useModel()
    const right = providerOf(fake.url)
    const result = await look(right, { fallback_providers: [{ ...right, api_key: `${KEY}x` }] })
    expect(result).toMatchObject({ ok: false, fix: 'Correct api_key.' })
  })

  it('says which package is missing', async () => {
    const result = await look({ type: 'package', package: 'no-such-package-here', model: 'm' })
    expect(result).toMatchObject({
      ok: false,
      problem: expect.stringContaining('npm install no-such-package-here'),
    })
  })
})
