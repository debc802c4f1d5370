import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { checkTools } from '../../../../src/agents/built-in/tools/check.ts'
import { toolSettings } from '../../../../src/agents/built-in/tools/settings.ts'
import { useClosedAddress, useServer } from './support.ts'

const check = async (settings: object, folder?: string) =>
  await checkTools(toolSettings.parse(settings), new AbortController().signal, folder)

const CODE_TOOL = new URL('../../../../src/agents/built-in/tools/code-tool.ts', import.meta.url).href

const useModules = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'kar-tools-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const tool = (name: string) =>
    `defineTool({ name: '${name}', description: '', parameters: { type: 'object' }, execute: () => 1 })`
  await writeFile(
    join(folder, 'tools.mjs'),
    `import { defineTool } from ${JSON.stringify(CODE_TOOL)}
     export const one = ${tool('one')}
     export default [one, ${tool('two')}]
     export const version = 1`,
  )
  await writeFile(join(folder, 'empty.mjs'), 'export const nothing = {}')
  return folder
}

describe('a check of tools', () => {
  it('says how many tools each server and module has', async () => {
    const [stdio, http, folder] = await Promise.all([useServer('stdio'), useServer('sse'), useModules()])
    const found = await check(
      {
        tools: './tools.mjs',
        mcp_servers: { local: stdio.settings, remote: { ...http.settings, tools: ['echo', 'noth*'] } },
        approval: ['one', 'ec*'],
      },
      folder,
    )
    expect(found).toEqual([
      { part: 'tools ./tools.mjs', ok: true, detail: '2 tools: one, two' },
      {
        part: 'MCP server local',
        ok: true,
        detail: expect.stringMatching(/^\d\d tools: cancelled, cut, die/),
      },
      {
        part: 'MCP server remote',
        ok: true,
        detail: expect.stringMatching(/^2 tools \(\d+ more are left out\): echo, nothing$/),
      },
    ])
  })

  it('says what is wrong with each, and what to do', async () => {
    const locked = await useServer('streamable_http', {
      env: { KEY: 'right' },
      more: { headers: { authorization: 'Bearer wrong-key-1' } },
    })
    const lockedSse = await useServer('sse', {
      env: { KEY: 'right' },
      more: { headers: { authorization: 'Bearer wrong-key-2' } },
    })
    const open = await useServer('streamable_http')
    const { url } = open.settings as { url: string }
    const found = await check({
      tools: ['./missing.ts'],
      mcp_servers: {
        key: locked.settings,
        key_sse: lockedSse.settings,
        host: { transport: 'streamable_http', url: `${await useClosedAddress()}/mcp` },
        host_sse: { transport: 'sse', url: `${await useClosedAddress()}/mcp` },
        path: { transport: 'streamable_http', url: url.replace('/mcp', '/other') },
        command: { transport: 'stdio', command: 'no-such-program-here' },
        folder: { transport: 'stdio', command: process.execPath, cwd: '/no/such/folder' },
        program: {
          transport: 'stdio',
          command: process.execPath,
          args: ['-e', 'throw new Error("no licence")'],
        },
        silent: {
          transport: 'stdio',
          command: process.execPath,
          args: ['-e', 'setInterval(() => {}, 1e3)'],
          connect_timeout: 0.3,
        },
        slip: { ...open.settings, approval: ['delte'] },
      },
    })
    const told = Object.fromEntries(
      found.map(({ part, ...result }) => [part, result.ok ? 'ok' : `${result.problem} | ${result.fix}`]),
    )
    expect(told['tools ./missing.ts']).toContain('there is no file')
    expect(told['MCP server key']).toMatch(/refuses the credentials \(HTTP 401\) \| Correct its headers/)
    expect(told['MCP server key_sse']).toMatch(/refuses the credentials \(HTTP 401\) \| Correct its headers/)
    expect(told['MCP server host']).toMatch(/cannot be reached: ECONNREFUSED \| Is it running/)
    expect(told['MCP server host_sse']).toMatch(/cannot be reached: .*ECONNREFUSED.* \| Is it running/)
    expect(told['MCP server path']).toMatch(/\/other \(HTTP 404\) \| Correct the path/)
    expect(told['MCP server command']).toMatch(/there is no program "no-such-program-here" \| Install it/)
    expect(told['MCP server folder']).toMatch(/there is no folder \/no\/such\/folder \| Correct its cwd/)
    expect(told['MCP server program']).toMatch(/ended before it had answered; it wrote: .*no licence/s)
    expect(told['MCP server silent']).toMatch(/within 0.3 s .* \| See what it does when it starts/)
    expect(told['MCP server slip']).toMatch(/name "delte", and it has no such tool \| It has: cancelled/)
    expect(JSON.stringify(told)).not.toContain('wrong-key')
  })

  it('finds modules without tools, and approvals of tools that there are not', async () => {
    const folder = await useModules()
    expect(await check({ tools: 'empty.mjs' }, folder)).toMatchObject([
      { ok: false, problem: expect.stringContaining('it exports no tool') },
    ])
    expect(await check({ tools: 'tools.mjs', approval: ['one', 'delte'] }, folder)).toMatchObject([
      { ok: true },
      {
        part: 'approval',
        ok: false,
        problem: 'it names "delte", and there is no such tool',
        fix: 'There are: one, two.',
      },
    ])
  })

  it('ends when it is told to', async () => {
    const silent = {
      transport: 'stdio',
      command: process.execPath,
      args: ['-e', 'setInterval(() => {}, 1000)'],
    }
    const settings = toolSettings.parse({ mcp_servers: { silent } })
    const [found] = await checkTools(settings, AbortSignal.timeout(100))
    expect(found).toMatchObject({ ok: false, problem: 'it did not connect before the check was ended' })
  })
})

describe('the settings of tools', () => {
  it.each([
    [{ mcp_servers: { a: { transport: 'stdio', command: 'x', url: 'http://x' } } }, 'url'],
    [{ mcp_servers: { a: { transport: 'http', url: 'http://x' } } }, 'transport'],
    [{ mcp_servers: { a: { transport: 'sse', url: 'file:///x' } } }, 'url'],
    [{ mcp_servers: { 'a b': { transport: 'stdio', command: 'x' } } }, 'a b'],
    [{ tool_call_timeout: 0 }, 'tool_call_timeout'],
    [{ tolls: [] }, 'tolls'],
  ])('name the field that is wrong: %j', (settings, field) => {
    const parsed = toolSettings.safeParse(settings)
    expect(JSON.stringify(parsed.error?.issues)).toContain(field)
  })

  it('have defaults', () => {
    expect(toolSettings.parse({})).toEqual({
      tools: [],
      mcp_servers: {},
      approval: 'none',
      tool_call_timeout: 120,
      tool_result_max: 60_000,
    })
  })
})
