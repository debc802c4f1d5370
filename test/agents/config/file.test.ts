// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders are what is tested
import { describe, expect, it } from 'vitest'
import { parseAgentsFile } from '../../../src/agents/config/file.ts'
import { problemsIn } from './support.ts'

const agents = (...lines: string[]) => ['agents:', ...lines.map((line) => `  ${line}`)].join('\n')
const REMOTE = 'remote: { type: ag-ui, url: "http://127.0.0.1:1/" }'

describe('agents.yaml', () => {
  it('has agents by id, with defaults and the settings of their type', async () => {
    const text = agents(
      'support: { type: ag-ui, url: "http://h/", pool: gpu, on_worker_lost: restart, default: true }',
      'own: { type: module, module: ./a.ts, enabled: false, description: Mine }',
    )
    const file = await parseAgentsFile('agents.yaml', text, {})
    expect(file.agents).toMatchObject([
      {
        id: 'support',
        type: 'ag-ui',
        enabled: true,
        default: true,
        pool: 'gpu',
        on_worker_lost: 'restart',
        settings: { url: 'http://h/', headers: {}, timeout: 300 },
      },
      { id: 'own', enabled: false, default: false, on_worker_lost: 'fail', description: 'Mine' },
    ])
  })

  it('is refused with a code, and with all that is wrong at once', async () => {
    const text = agents(
      'a:',
      '  type: ag-ui',
      '  urll: http://h/',
      '  timeout: soon',
      'b: { type: dify, dify_api_key: k, onWorkerLost: restart }',
      'c: { type: difi }',
      'd d: { type: demo }',
      'e: hello',
    )
    await expect(parseAgentsFile('agents.yaml', text, {})).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    const problems = await problemsIn(`provider: {}\n${text}`)
    expect(problems).toEqual([
      'line 1, column 1, provider: unknown field; did you mean "providers"?',
      'line 3, column 3, agents.a.url: it is missing.',
      'line 5, column 5, agents.a.urll: unknown field; did you mean "url"?',
      'line 6, column 5, agents.a.timeout: expected number, received string.',
      'line 7, column 3, agents.b.api_key: it is missing.',
      'line 7, column 20, agents.b.dify_api_key: unknown field; did you mean "api_key"?',
      'line 7, column 37, agents.b.onWorkerLost: unknown field; did you mean "on_worker_lost"?',
      expect.stringMatching(/^line 8, column 8, agents\.c\.type: .*"dify"/),
      expect.stringMatching(/^line 9, column 3, agents\.d d: an id has to be/),
      'line 10, column 3, agents.e: it has to be a map with a type and settings.',
    ])
  })

  it.each([
    [
      'a field inside of settings',
      agents('a: { type: module, module: m, setings: {} }'),
      'did you mean "settings"?',
    ],
    [
      'a field that is like none',
      agents('a: { type: demo, wings: 2 }'),
      'there are default, delay_ms, description,',
    ],
    [
      'a field of a tool server',
      agents(
        'a: { type: built-in, provider: { model: m }, mcp_servers: { f: { transport: stdio, comand: x } } }',
      ),
      'line 2, column 86, agents.a.mcp_servers.f.comand: unknown field; did you mean "command"?',
    ],
    ['no agents', 'providers: {}', 'it needs a map "agents"'],
    ['nothing', '', 'it needs a map "agents"'],
    ['a list of agents', 'agents: [{ type: demo }]', 'agents: it has to be a map by id, not a list'],
    ['agents that are all off', agents('a: { type: demo, enabled: false }'), 'agents: none is enabled'],
    ['a pool that is none', agents('a: { type: demo, pool: "a b" }'), 'agents.a.pool: must be'],
    [
      'two default agents',
      agents('a: { type: demo, default: true }', 'b: { type: demo, default: true }'),
      'agents.b.default: one agent is the default, and "a" is it already',
    ],
    [
      'an agent that is called as the default one is served',
      agents('a: { type: demo, default: true }', 'default: { type: demo }'),
      'an agent has the id "default"',
    ],
    [
      'a provider that is not there',
      'providers: { local: { model: m } }\nagents: { a: { type: built-in, provider: lokal } }',
      'agents.a.provider: there is no provider "lokal"; did you mean "local"?',
    ],
    [
      'a second provider that is not there',
      'agents: { a: { type: built-in, provider: { model: m }, fallback_providers: [far] } }',
      'agents.a.fallback_providers.0: there is no provider "far"; add it to "providers"',
    ],
    [
      'a field of a provider',
      'providers: { p: { modell: m } }\nagents: { a: { type: demo } }',
      'providers.p.modell: unknown field; did you mean "model"?',
    ],
  ])('with %s is told', async (_name, text, problem) => {
    expect((await problemsIn(text)).join('\n')).toContain(problem)
  })

  it.each([
    ['agents:\n  a: { type: demo\n  b: 1\n', 'line 3, column 3: it is not YAML'],
    [
      'agents:\n  a: { type: demo }\n  a: { type: demo }\n',
      'line 3, column 3: it is not YAML: Map keys must be unique.',
    ],
    ['agents:\n  a:\n    api_key: "sk-hidden\n', 'a quote is not closed'],
    ['agents:\n  a: @sk-hidden\n', 'it is not YAML'],
    ['agents:\n  a: *sk-hidden\n', 'an alias ("*name") has no anchor'],
    ['agents: !!map sk-hidden\n  b: `sk-hidden`\n', 'it is not YAML'],
  ])('that is no YAML is told by line and column, without what stands there: %j', async (text, problem) => {
    const problems = (await problemsIn(text)).join('\n')
    expect(problems).toContain(problem)
    expect(problems).not.toContain('hidden')
  })

  it('tells no values, which may be secrets', async () => {
    const secrets = ['sk-secret-1', 'sk-secret-2', 'sk-secret-3']
    const text = agents(
      'a: { type: dify, api_key: [sk-secret-1], api_type: sk-secret-2 }',
      'b: { type: ag-ui, url: sk-secret-3 }',
    )
    const problems = (await problemsIn(text)).join('\n')
    expect(problems).toContain('agents.a.api_type')
    for (const secret of secrets) expect(problems).not.toContain(secret)
  })

  it('may use anchors, but not without end', async () => {
    expect(await problemsIn('agents:\n  a: &a { type: demo }\n  b: *a\n')).toEqual([])
    const row = (of: string) => `[${Array(10).fill(of).join(', ')}]`
    const bomb = [
      'a: &a 1',
      ...['b', 'c', 'd', 'e'].map((name, at) => `${name}: &${name} ${row(`*${'abcd'[at]}`)}`),
    ]
    expect(await problemsIn(bomb.join('\n'))).toEqual([expect.stringContaining('too many')])
  })

  it('with very many mistakes is told in a readable length', async () => {
    const fields = Array.from({ length: 80 }, (_, at) => `wings${at}: 1`).join(', ')
    const problems = await problemsIn(agents(`a: { type: demo, ${fields} }`))
    expect([problems.length, problems.at(-1)]).toEqual([51, 'and 30 more.'])
  })

  it.each(['constructor', 'toString', '__proto__'])('knows no field and no type %s', async (name) => {
    const told = (await problemsIn(agents(`a: { type: demo, ${name}: 1 }`, `b: { type: ${name} }`))).join()
    expect(told).toContain(`agents.a.${name}: unknown field`)
    expect(told).toContain('agents.b.type: invalid option')
  })

  it('may have unfinished agents that are off, but for names of fields', async () => {
    expect(await problemsIn(agents('a: { type: demo }', 'b: { type: dify, enabled: false }'))).toEqual([])
    expect(await problemsIn(agents(REMOTE, 'b: { type: dify, enabled: false, apikey: x }'))).toEqual([
      'line 3, column 36, agents.b.apikey: unknown field; did you mean "api_key"?',
    ])
  })

  it('may have unfinished providers that nobody uses', async () => {
    const providers = 'providers: { p: { base_url: "${BASE}" } }'
    expect(await problemsIn(`${providers}\n${agents('a: { type: demo }')}`)).toEqual([])
    expect(
      await problemsIn(`${providers}\n${agents('a: { type: built-in, provider: p, model: m }')}`),
    ).toEqual(['line 1, column 19, providers.p.base_url: the environment variable BASE is not set.'])
  })
})
