import { describe, expect, it } from 'vitest'
import { retryAfterMs } from '../../src/webhooks/attempt.ts'
import { parseWebhookFile } from '../../src/webhooks/webhook-file.ts'
import { newSecret } from './receiver.ts'

const SECRET = newSecret()
const ENDPOINT = { id: 'a', url: 'https://example.com/hooks', secret: SECRET }

/** As the file names an environment variable. */
const variable = (name: string): string => `$\{${name}}`

const problemOf = async (content: unknown, env: NodeJS.ProcessEnv = {}): Promise<string> => {
  const text = typeof content === 'string' ? content : JSON.stringify(content)
  const error = await parseWebhookFile('hooks.yaml', text, env).catch((error) => error)
  expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('hooks.yaml') })
  return error.message
}

describe('the webhooks file', () => {
  it('is YAML or JSON, takes secrets from the environment, and has defaults', async () => {
    const yaml = `endpoints:\n  - id: a\n    url: https://${variable('HOST')}/hooks\n    secret: ${variable('SECRET')}\n`
    const env = { HOST: 'example.com', SECRET }
    const { endpoints } = await parseWebhookFile('hooks.yaml', yaml, env)
    expect(endpoints).toMatchObject([
      {
        ...ENDPOINT,
        facts: ['finished', 'failed', 'stopped', 'rejected'],
        timeoutMs: 10_000,
        attemptsMax: 8,
      },
    ])
    const json = JSON.stringify({ endpoints: [ENDPOINT] })
    expect(await parseWebhookFile('hooks.json', json, {})).toMatchObject({
      endpoints,
      sessionTimeoutMs: 10_000,
    })
  })

  it('takes what a variable holds as a text, whatever it looks like', async () => {
    const yaml = `endpoints:\n  - id: a\n    url: https://example.com/\n    secret: ${variable('SECRET')}\n`
    const problem = await problemOf(yaml, { SECRET: 'x\n    extra: 1' })
    expect(problem).toMatch(/endpoints\.0\.secret: must be "whsec_"/)
  })

  it.each([
    [
      'a field that it does not know',
      { endpoints: [{ ...ENDPOINT, retries: 3 }] },
      /endpoints\.0: .*"retries"/,
    ],
    ['a field that it does not know at the top', { endpoints: [ENDPOINT], extra: 1 }, /"extra"/],
    ['no endpoint', { endpoints: [] }, /endpoints: /],
    ['two of one id', { endpoints: [ENDPOINT, ENDPOINT] }, /endpoints\.1\.id: "a" is there twice/],
    [
      'another protocol',
      { endpoints: [{ ...ENDPOINT, url: 'ftp://example.com/' }] },
      /endpoints\.0\.url: .*http/,
    ],
    ['a file', { endpoints: [{ ...ENDPOINT, url: 'file:///etc/passwd' }] }, /endpoints\.0\.url: .*http/],
    [
      'a user in the address',
      { endpoints: [{ ...ENDPOINT, url: 'https://u:p@a.b/' }] },
      /must not hold a user/,
    ],
    [
      'a fact that there is not',
      { endpoints: [{ ...ENDPOINT, facts: ['ended'] }] },
      /endpoints\.0\.facts\.0/,
    ],
    ['a short secret', { endpoints: [{ ...ENDPOINT, secret: 'whsec_c2hvcnQ=' }] }, /24 to 64 random bytes/],
    [
      'a variable that is not set',
      { endpoints: [{ ...ENDPOINT, secret: variable('NOPE') }] },
      /endpoints\.0\.secret: .*NOPE/,
    ],
    ['what is no YAML', `endpoints:\n  - id: a\n secret: ${SECRET}\n`, /line 3, column \d/],
  ])('refuses %s, and names the place', async (_, content, problem) => {
    expect(await problemOf(content)).toMatch(problem)
  })

  it('never says what a secret or an address is', async () => {
    const secret = 'not-base64-hunter2'
    const url = 'gopher://example.com/?token=hunter2'
    const problems = await Promise.all([
      problemOf({ endpoints: [{ ...ENDPOINT, secret, url }] }),
      problemOf(`endpoints:\n  - id: a\n   secret: ${secret}\n`),
      problemOf(`endpoints: [{ id: a, secret: ${secret}, url: "${url}`),
      problemOf({ endpoints: [{ ...ENDPOINT, secret: [secret, 5] }] }),
    ])
    expect(problems.join('\n')).not.toContain('hunter2')
  })
})

it('Retry-After is read as seconds or as a date', () => {
  const now = Date.parse('2026-11-21T12:00:00Z')
  expect(retryAfterMs('7', now)).toBe(7_000)
  expect(retryAfterMs('Sat, 21 Nov 2026 12:00:30 GMT', now)).toBe(30_000)
  expect(retryAfterMs('Sat, 21 Nov 2026 11:00:00 GMT', now)).toBe(0)
  expect(retryAfterMs('soon', now)).toBeUndefined()
  expect(retryAfterMs(null, now)).toBeUndefined()
})
