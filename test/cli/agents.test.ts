// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders are what is tested
import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, inject, it, onTestFinished, vi } from 'vitest'
import { useFake } from '../agents/suite/fake-server.ts'
import { AGENTS, cleanEnv, type Kar, run, start, temporaryFolder } from './kar.ts'

const SECRETS = ['app-written-down', 'sk-from-env', 'pat-from-default']

const useFile = (text: string): string => {
  const path = join(temporaryFolder(), 'agents.yaml')
  writeFileSync(path, text)
  return path
}

const linesOf = (stdout: string) => stdout.trim().split('\n')
const jsonOf = (stdout: string) => linesOf(stdout).map((line) => JSON.parse(line))

describe('kar agents ls', () => {
  const FILE = `
providers:
  p: { base_url: "http://127.0.0.1:1/v1", api_key: "\${KEY}", model: m }
agents:
  helper: { type: built-in, provider: p, default: true, pool: gpu }
  support: { type: dify, api_key: app-written-down, on_worker_lost: restart }
  remote: { type: ag-ui, url: "http://h/", headers: { authorization: "Bearer \${KEY}" } }
  shop: { type: coze, api_key: "\${NONE:-pat-from-default}", bot_id: "12" }
  off: { type: bailian, enabled: false, api_key: "\${UNSET}" }
`
  const env = cleanEnv({ KEY: 'sk-from-env' })

  it('shows what there is', async () => {
    const { code, stdout } = await run(['agents', 'ls', '--agents', useFile(FILE)], env)
    expect([code, linesOf(stdout).map((line) => line.replace(/ {2,}/g, ' | '))]).toEqual([
      0,
      [
        'ID | TYPE | ENABLED | DEFAULT | POOL | WHERE',
        'helper | built-in | yes | yes | gpu | provider p',
        'support | dify | yes | https://api.dify.ai/v1, chat',
        'remote | ag-ui | yes | http://h/',
        'shop | coze | yes | https://api.coze.cn, bot 12',
        'off | bailian | no',
      ],
    ])
  })

  it('shows settings to programs, and no secret', async () => {
    const { stdout } = await run(['agents', 'ls', '--json'], { ...env, KAR_AGENTS: useFile(FILE) })
    const rows = jsonOf(stdout)
    expect(rows).toHaveLength(5)
    expect(rows[1]).toEqual({
      id: 'support',
      type: 'dify',
      enabled: true,
      default: false,
      on_worker_lost: 'restart',
      where: 'https://api.dify.ai/v1, chat',
      settings: { api_key: '…' },
    })
    expect(rows[2].settings.headers).toEqual({ authorization: 'Bearer ${KEY}' })
    for (const secret of SECRETS) expect(stdout).not.toContain(secret)
  })

  it('shows those of a module, and the demo where there is nothing', async () => {
    const ofModule = await run(['agents', 'ls', '--json', '--agents', AGENTS])
    expect(jsonOf(ofModule.stdout).map(({ id, type }) => [id, type])).toEqual([
      ['demo', 'code'],
      ['slow', 'code'],
      ['failing', 'code'],
    ])
    expect((await run(['agents', 'ls'])).stdout).toContain('the demo')
  })

  it('exits with 2 where the file is wrong, and tells no secret', async () => {
    const path = useFile('agents:\n  a: { type: dify, apikey: app-written-down }\n')
    const { code, stdout, stderr } = await run(['agents', 'ls', '--agents', path])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('line 2, column 20, agents.a.apikey: unknown field; did you mean "api_key"?')
    expect(stderr).toContain('[CONFIG_INVALID]')
    for (const secret of SECRETS) expect(stderr).not.toContain(secret)
  })
})

describe('kar agents check', () => {
  const useEndpoint = () =>
    useFake(({ headers, path }, answer) => {
      if (path !== '/agent') return answer.text('nothing here', 404)
      if (headers.authorization !== 'Bearer good') return answer.text('no', 401)
      return answer.text('an input is missing', 422)
    })

  it('says of each agent what is wrong and what to do, and exits with 1', async () => {
    const { url } = await useEndpoint()
    const agent = (at: string, key: string) =>
      `{ type: ag-ui, url: "${at}", headers: { authorization: "Bearer ${key}" } }`
    const path = useFile(`agents:
  good: ${agent(`${url}/agent`, 'good')}
  wrong-key: ${agent(`${url}/agent`, 'bad-key-9')}
  wrong-path: ${agent(`${url}/`, 'good')}
  wrong-host: ${agent('http://127.0.0.1:1/agent', 'good')}
  off: { type: ag-ui, enabled: false }
`)
    const all = await run(['agents', 'check', '--agents', path])
    expect(all.code).toBe(1)
    expect(all.stdout).toMatch(/^ok {8}good: /m)
    expect(all.stdout).toMatch(/^problem {3}wrong-key: .* 401.*\n {10}Check `headers`/m)
    expect(all.stdout).toMatch(/^problem {3}wrong-path: .* 404.*\n {10}Check the path/m)
    expect(all.stdout).toMatch(/^problem {3}wrong-host: .*127\.0\.0\.1:1.*\n {10}Check the host/m)
    expect(all.stdout).toMatch(/^disabled {2}off: /m)
    expect(all.stdout + all.stderr).not.toContain('bad-key-9')
    const one = await run(['agents', 'check', 'wrong-key', '--json', '--agents', path])
    expect([one.code, jsonOf(one.stdout)]).toEqual([
      1,
      [{ id: 'wrong-key', status: 'problem', problem: expect.any(String), fix: expect.any(String) }],
    ])
    expect((await run(['agents', 'check', 'good', '--agents', path])).code).toBe(0)
    expect(await run(['agents', 'check', 'nobody', '--agents', path])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('which has good, wrong-key'),
    })
  })

  it('looks at the parts of the built-in agent: its provider, its tools, its tool servers', async () => {
    const path = useFile(`agents:
  helper:
    type: built-in
    default: true
    provider: { base_url: "http://127.0.0.1:1/v1", api_key: app-written-down, model: m }
    tools: ./no-tools.mjs
    mcp_servers: { files: { transport: stdio, command: no-such-program-here } }
`)
    const checked = await run(['agents', 'check', 'default', '--json', '--agents', path])
    const lines = jsonOf(checked.stdout)
    expect(checked.code).toBe(1)
    expect(lines.map(({ status }) => status)).toEqual(['problem', 'problem', 'problem'])
    expect(lines.map(({ part = '' }) => part).join()).toMatch(/^,.*no-tools.*files/)
    expect(checked.stdout).not.toContain('app-written-down')
  })

  it('makes agents that are code', async () => {
    const { code, stdout } = await run(['agents', 'check', '--agents', AGENTS])
    expect([code, linesOf(stdout).length]).toEqual([0, 3])
    const folder = temporaryFolder()
    const path = join(folder, 'agents.yaml')
    writeFileSync(path, 'agents: { own: { type: module, module: ./own.mjs } }')
    writeFileSync(join(folder, 'own.mjs'), 'export default () => { throw new Error("no key") }')
    const own = await run(['agents', 'check', '--agents', path])
    expect([own.code, own.stdout]).toEqual([1, expect.stringContaining('no key')])
  })
})

describe('kar init', () => {
  it('writes a file that works, says what to do, and writes over none', async () => {
    const folder = join(temporaryFolder(), 'new')
    const path = join(folder, 'agents.yaml')
    const first = await run(['init', folder])
    expect([first.code, first.stdout]).toEqual([0, `Wrote ${path}.\n`])
    expect(first.stderr).toContain(`agents check --agents ${path}`)
    const text = readFileSync(path, 'utf8')
    const [, schema = ''] = /\$schema=(\S+)/.exec(text) ?? []
    expect(existsSync(resolve(dirname(path), schema))).toBe(true)
    expect((await run(['agents', 'check', '--agents', path])).code).toBe(0)

    writeFileSync(path, 'mine')
    const second = await run(['init', folder])
    expect([second.code, second.stderr]).toEqual([2, expect.stringContaining('--force')])
    expect(readFileSync(path, 'utf8')).toBe('mine')
    expect((await run(['init', folder, '--force'])).code).toBe(0)
    expect(readFileSync(path, 'utf8')).toBe(text)
  })
})

describe('kar serve with an agents.yaml', () => {
  const served = async () => {
    const path = useFile('agents: { quick: { type: demo, delay_ms: 0, default: true } }')
    const env = cleanEnv({
      KAFKA_BROKERS: inject('kafkaBrokers').join(','),
      KAR_PREFIX: `test-${randomUUID().slice(0, 8)}`,
      KAR_DATA_DIR: temporaryFolder(),
      KAR_AGENTS: path,
      PORT: '0',
    })
    const server = start(['serve'], env)
    onTestFinished(() => end(server))
    await server.until('Ctrl-C stops it all.')
    return { server, env, path, url: /^HTTP +(\S+)$/m.exec(server.stdout)?.[1] ?? '' }
  }
  const end = async (server: Kar) => {
    server.child.kill('SIGTERM')
    await server.ended
  }

  it('has its agents, the default one too, and those that the file gets later', async () => {
    const { server, env, path, url } = await served()
    const agents = async () => {
      const info = (await (await fetch(`${url}/api/copilotkit/info`)).json()) as { agents: object }
      return Object.keys(info.agents)
    }
    expect(server.stdout).toContain('with quick, default')
    expect(await agents()).toEqual(['quick', 'default'])
    const asked = await run(['run', 'Hi'], env)
    expect([asked.code, asked.stdout]).toEqual([0, expect.stringContaining('run finished')])

    writeFileSync(
      path,
      'agents: { other: { type: demo, delay_ms: 0, description: New }, quick: { type: demo } }',
    )
    await server.until('new: other')
    expect(await agents()).toEqual(['other', 'quick'])
    // The worker, a process of its own, has read it as well.
    await vi.waitFor(
      async () => {
        const { agents: ready } = (await (await fetch(`${url}/readyz`)).json()) as { agents: string[] }
        expect(ready).toEqual(['other', 'quick'])
      },
      { timeout: 10_000, interval: 100 },
    )
    expect((await run(['run', '--agent', 'other', 'Hi'], env)).code).toBe(0)
    const several = await run(['run', 'Hi'], env)
    expect([several.code, several.stderr]).toEqual([2, expect.stringContaining('--agent: other, quick')])
    writeFileSync(path, 'agents: { other: ')
    await server.until('The agents stay as they were')
    expect(await agents()).toEqual(['other', 'quick'])
  })
})
