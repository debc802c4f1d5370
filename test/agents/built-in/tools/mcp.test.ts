import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createMcpPool } from '../../../../src/agents/built-in/tools/mcp/pool.ts'
import type { McpServerSettings } from '../../../../src/agents/built-in/tools/settings.ts'
import {
  call,
  listeningLogger,
  say,
  startServer,
  TRANSPORTS,
  until,
  useBox,
  useClosedAddress,
  usePool,
  useServer,
} from './support.ts'

const useMark = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'kar-mcp-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return join(folder, 'mark')
}

describe.each(TRANSPORTS)('an MCP server over %s', (transport) => {
  // One for the tests that leave it as it is.
  const pool = createMcpPool()
  let settings: McpServerSettings
  let stop: () => Promise<void>
  beforeAll(async () => {
    ;({ settings, stop } = await startServer(transport))
  })
  afterAll(async () => {
    await pool.close()
    await stop()
  })
  const useShared = (more: object = {}) =>
    useBox({ settings: { mcp_servers: { test: { ...settings, ...more } } }, pool })

  it('offers its tools with their schemas, by name, and answers calls', async () => {
    const box = await useShared()
    const names = box.specs.map(({ name }) => name)
    expect(names).toEqual(names.toSorted())
    expect(box.find('echo')).toMatchObject({
      origin: 'mcp:test',
      kind: 'server',
      approval: false,
      description: 'For tests: echo',
      parameters: { type: 'object', required: ['text'] },
    })
    expect(await call(box, 'echo', { text: 'Grüße 🌍' })).toEqual({ content: 'Grüße 🌍', isError: false })
    expect(box.notices).toEqual([])
  })

  it('passes errors through, tells of what is no text, and of nothing', async () => {
    const box = await useShared()
    expect(await call(box, 'fail')).toEqual({ content: 'The disk is full.', isError: true })
    expect(await say(box, 'nothing')).toBe('The tool returned no content.')
    expect(await say(box, 'structured')).toBe('{"celsius":21}')
    expect((await say(box, 'media')).split('\n')).toEqual([
      'A picture:',
      '[image, image/png, 1,234 bytes: its bytes are left out]',
      'file:///a.txt:',
      'Its text',
      '[file:///a.zip, application/zip, 3 bytes: its bytes are left out]',
      '{"name":"b","uri":"file:///b.txt","type":"resource_link"}',
    ])
  })

  it('gives the beginning and the end of a huge result', async () => {
    const box = await useShared()
    const content = await say(box, 'huge', { characters: 2_000_000 })
    expect(content.length).toBeLessThan(60_300)
    expect(content).toContain('1,940,000 of 2,000,000 characters are left out here')
  })

  it('ends a call that is too slow or stopped, and tells the server', async () => {
    const box = await useShared({ timeout: 0.3 })
    const slow = await call(box, 'wait', { ms: 20_000 })
    expect(slow).toMatchObject({ isError: true, content: expect.stringContaining('longer than 0.3 s') })
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 50)
    const from = performance.now()
    const stopped = await call(box, 'wait', { ms: 20_000 }, stop.signal)
    expect(performance.now() - from).toBeLessThan(250)
    expect(stopped).toMatchObject({ isError: true, content: expect.stringContaining('stopped') })
    await until(async () => (await say(box, 'cancelled')) === '2')
    // The others of the connection were not hurt.
    expect(await say(box, 'echo', { text: 'still here' })).toBe('still here')
  })

  it('is connected to again after it was ended, and does not act twice where it was lost in the middle', async () => {
    const server = await useServer(transport)
    const box = await useBox({ settings: { mcp_servers: { test: server.settings } } })
    const pid = Number(await say(box, 'pid'))
    await server.kill(pid)
    await server.restart()
    expect(Number(await say(box, 'pid'))).not.toBe(pid)
    const mark = await useMark()
    const from = performance.now()
    expect(await call(box, 'die_once', { mark })).toMatchObject({
      isError: true,
      content: expect.stringMatching(/^error: MCP server "test": the connection was lost before the answer/),
    })
    expect(performance.now() - from).toBeLessThan(2000)
    await server.restart()
    // Asked for again by the model, it is called.
    expect(await say(box, 'die_once', { mark })).toBe('alive')
  })

  it('calls again what only reads', async () => {
    const server = await useServer(transport)
    const box = await useBox({ settings: { mcp_servers: { test: server.settings } } })
    const mark = await useMark()
    const calling = say(box, 'die_once_reading', { mark })
    if (transport !== 'stdio') {
      await until(async () => existsSync(mark))
      await server.kill()
      await server.restart()
    }
    expect(await calling).toBe('alive')
  })

  it('offers tools that it learns in the middle, at the end, and no tool goes', async () => {
    const box = await useShared()
    const before = box.specs.map(({ name }) => name)
    await say(box, 'learn', { name: 'a_new_one' })
    await until(() => box.find('a_new_one') !== undefined)
    expect(box.specs.map(({ name }) => name)).toEqual([...before, 'a_new_one'])
    expect(await say(box, 'a_new_one')).toBe('I am a_new_one')
    // The next run has it in its place.
    const next = await useShared()
    expect(next.specs[0]?.name).toBe('a_new_one')
  })
})

describe('MCP servers', () => {
  it('are not asked where arguments do not fit, and the field is named', async () => {
    const { settings } = await useServer('stdio')
    const box = await useBox({ settings: { mcp_servers: { test: settings } } })
    const wrong = await call(box, 'echo', { text: 7 })
    expect(wrong).toEqual({
      content: 'error: "echo" was not called, its arguments do not fit: text: must be string',
      isError: true,
    })
    expect((await call(box, 'echo')).content).toContain("'text'")
  })

  it('offer what their settings let through, and a person is asked for what they name', async () => {
    const { settings } = await useServer('stdio', { more: { tools: ['e*', 'die_*'], approval: ['die_*'] } })
    const box = await useBox({ settings: { mcp_servers: { test: settings }, approval: 'all' } })
    expect(box.specs.map(({ name, approval }) => [name, approval])).toEqual([
      ['die_once', true],
      ['die_once_reading', true],
      ['echo', false],
    ])
  })

  it('that have tools of one name number the second, which is called at its own server', async () => {
    const [one, two] = await Promise.all([
      useServer('stdio', { env: { WHO: 'one' } }),
      useServer('stdio', { env: { WHO: 'two' } }),
    ])
    const box = await useBox({ settings: { mcp_servers: { one: one.settings, two: two.settings } } })
    expect(box.find('variable_2')).toMatchObject({ origin: 'mcp:two', ownName: 'variable' })
    expect(await say(box, 'variable', { name: 'WHO' })).toBe('one')
    expect(await say(box, 'variable_2', { name: 'WHO' })).toBe('two')
  })

  it('that are down leave the others: a notice says so, and the next run does not wait again', async () => {
    const { settings } = await useServer('stdio')
    const logger = listeningLogger()
    const down = { transport: 'streamable_http', url: `${await useClosedAddress()}/mcp` }
    const mcp_servers = { down, test: settings, off: { ...down, enabled: false } }
    const pool = usePool()
    const box = await useBox({ settings: { mcp_servers }, pool, logger })
    expect(box.notices).toEqual([
      `The tools of MCP server "down" are missing: ${down.url} cannot be reached: ECONNREFUSED. ` +
        'Is it running there? Correct its url, or start it.',
    ])
    expect(logger.lines.join()).toContain('ECONNREFUSED')
    expect(box.find('echo')).toBeDefined()
    const from = performance.now()
    const next = await useBox({ settings: { mcp_servers }, pool, logger })
    expect(next.notices).toHaveLength(1)
    expect(performance.now() - from).toBeLessThan(100)
  })

  it('that never answer are given up after their connect_timeout', async () => {
    const silent = {
      transport: 'stdio',
      command: process.execPath,
      args: ['-e', 'setInterval(() => {}, 1000)'],
    }
    const box = await useBox({ settings: { mcp_servers: { silent: { ...silent, connect_timeout: 0.5 } } } })
    expect(box.notices[0]).toContain('did not connect and list its tools within 0.5 s')
  })

  it('do not keep a run that is stopped while it connects', async () => {
    const silent = {
      transport: 'stdio',
      command: process.execPath,
      args: ['-e', 'setInterval(() => {}, 1000)'],
    }
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 50)
    const from = performance.now()
    await expect(useBox({ settings: { mcp_servers: { silent } }, signal: stop.signal })).rejects.toThrow(
      'aborted',
    )
    expect(performance.now() - from).toBeLessThan(500)
  })

  it('get no more of the environment than the settings name, and their secrets are told nowhere', async () => {
    process.env.WORKER_SECRET = 'not-for-servers'
    onTestFinished(() => void delete process.env.WORKER_SECRET)
    const env = { GIVEN: 'for-this-server' }
    const { settings } = await useServer('stdio', { env })
    const logger = listeningLogger()
    const loud = {
      transport: 'stdio',
      command: process.execPath,
      args: ['-e', 'console.error("bad key", process.env.API_KEY); process.exit(1)'],
      env: { API_KEY: 'sk-very-secret' },
    }
    const { settings: locked } = await useServer('streamable_http', {
      env: { KEY: 'right-key' },
      more: { headers: { authorization: 'Bearer wrong-secret-key' } },
    })
    const box = await useBox({ settings: { mcp_servers: { test: settings, loud, locked } }, logger })
    expect(await say(box, 'variable', { name: 'GIVEN' })).toBe('for-this-server')
    expect(await say(box, 'variable', { name: 'WORKER_SECRET' })).toBe('not set')
    expect((await call(box, 'fail_with', { name: 'GIVEN' })).content).toBe('No: …')
    expect(box.notices[0]).toContain('it wrote: bad key …')
    expect(box.notices[1]).toContain('refuses the credentials (HTTP 401)')
    const told = [...box.notices, ...logger.lines].join()
    for (const secret of ['sk-very-secret', 'wrong-secret-key', 'for-this-server'])
      expect(told).not.toContain(secret)
  })

  it.each(['sse', 'streamable_http'] as const)('get the headers of the settings: %s', async (transport) => {
    const { settings } = await useServer(transport, {
      env: { KEY: 'right-key' },
      more: { headers: { authorization: 'Bearer right-key' } },
    })
    const box = await useBox({ settings: { mcp_servers: { test: settings } } })
    expect(await say(box, 'echo', { text: 'in' })).toBe('in')
  })

  it('whose stream of one answer breaks end that call alone', async () => {
    const { settings } = await useServer('streamable_http')
    const box = await useBox({ settings: { mcp_servers: { test: settings } } })
    const other = say(box, 'wait', { ms: 600 })
    const from = performance.now()
    expect((await call(box, 'cut')).content).toContain('the connection was lost before the answer came')
    expect(performance.now() - from).toBeLessThan(1000)
    expect(await other).toBe('waited')
  })
})
