import { describe, expect, it } from 'vitest'
import { check } from '../../../src/agents/deerflow/check.ts'
import { deerflowSettings } from '../../../src/agents/deerflow/settings.ts'
import { type Handler, useFake } from '../suite/fake-server.ts'
import { fakeGateway, KEY } from './fake-gateway.ts'

const checkOf = (settings: object) =>
  check(deerflowSettings.parse({ api_key: KEY, ...settings }), AbortSignal.timeout(5_000))

const answering = async (handler: Handler) => checkOf({ api_base: (await useFake(handler)).url })

describe('the check of deerflow', () => {
  it('proves host, key, assistant and model, and begins nothing', async () => {
    const fake = await useFake(fakeGateway().handler)
    const result = await checkOf({ api_base: fake.url, model_name: 'gpt-4' })
    expect(result).toMatchObject({
      ok: true,
      detail: expect.stringContaining('"lead_agent", and the model "gpt-4"'),
    })
    expect(fake.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /api/langgraph/assistants/lead_agent',
      'POST /api/langgraph/assistants/search',
      'GET /api/models/gpt-4',
    ])
  })

  it('tells apart a wrong host, key, assistant and model', async () => {
    const { url: api_base } = await useFake(fakeGateway().handler)
    const results = await Promise.all([
      checkOf({ api_base: 'http://127.0.0.1:1' }),
      checkOf({ api_base, api_key: 'wrong-key-of-somebody' }),
      checkOf({ api_base, assistant_id: 'led_agent' }),
      checkOf({ api_base, model_name: 'gpt-0' }),
    ])
    expect(results).toMatchObject([
      { problem: expect.stringContaining('cannot be reached'), fix: expect.stringContaining('`api_base`') },
      { problem: expect.stringContaining('401'), fix: expect.stringContaining('`api_key`') },
      {
        problem: expect.stringContaining('no assistant "led_agent"'),
        fix: expect.stringContaining('`assistant_id`'),
      },
      { problem: expect.stringContaining('no model "gpt-0"'), fix: expect.stringContaining('`model_name`') },
    ])
    expect(results.every(({ ok }) => !ok)).toBe(true)
    expect(JSON.stringify(results)).not.toContain('wrong-key-of-somebody')
  })

  it('tells a session without its CSRF token, which only a POST shows', async () => {
    const result = await answering(({ method }, answer) =>
      method === 'GET'
        ? answer.json({ assistant_id: 'lead_agent' })
        : answer.json({ detail: 'CSRF token missing. Include X-CSRF-Token header.' }, 403),
    )
    expect(result).toMatchObject({ ok: false, fix: expect.stringContaining('X-CSRF-Token') })
  })

  it.each<[string, Handler]>([
    ['a web page', (_, answer) => answer.text('<html>')],
    ['another API', (_, answer) => answer.json({ detail: 'Not Found' }, 404)],
    ['another JSON', (_, answer) => answer.json([])],
  ])('tells what is not DeerFlow: %s', async (_, handler) => {
    expect(await answering(handler)).toMatchObject({
      ok: false,
      problem: expect.stringContaining('is not DeerFlow’s gateway'),
      fix: expect.stringContaining('2026'),
    })
  })

  it('quotes a gateway that fails', async () => {
    const result = await answering((_, answer) => answer.json({ detail: 'No database' }, 500))
    expect(result).toMatchObject({ ok: false, problem: expect.stringContaining('No database') })
  })
})
