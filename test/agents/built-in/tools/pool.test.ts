import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, expect, it, onTestFinished } from 'vitest'
import { call, isAlive, say, until, useBox, usePool, useServer } from './support.ts'

describe('the pool of MCP connections', () => {
  it('shares a server among boxes, whatever they let through, and not with other settings', async () => {
    const { settings } = await useServer('stdio')
    const pool = usePool()
    const boxes = await Promise.all([
      useBox({ settings: { mcp_servers: { a: settings } }, pool }),
      useBox({ settings: { mcp_servers: { b: { ...settings, tools: ['pid'], timeout: 5 } } }, pool }),
    ])
    const other = await useBox({
      settings: { mcp_servers: { a: { ...settings, env: { OTHER: 'yes' } } } },
      pool,
    })
    const [one, two, three] = await Promise.all([...boxes, other].map((box) => say(box, 'pid')))
    expect(one).toBe(two)
    expect(three).not.toBe(one)
    expect(pool.size).toBe(2)
  })

  it('keeps a connection for the next run, and closes it when nobody came', async () => {
    const { settings } = await useServer('stdio')
    const pool = usePool({ idleMs: 150 })
    const first = await useBox({ settings: { mcp_servers: { a: settings } }, pool })
    const pid = Number(await say(first, 'pid'))
    await first.close()
    await first.close()
    const second = await useBox({ settings: { mcp_servers: { a: settings } }, pool })
    expect(Number(await say(second, 'pid'))).toBe(pid)
    // In use it stays, for however long.
    await new Promise((done) => setTimeout(done, 300))
    expect(isAlive(pid)).toBe(true)
    await second.close()
    await until(() => pool.size === 0 && !isAlive(pid))
  })

  it('has no more connections than it may: the one that was idle longest goes', async () => {
    const servers = await Promise.all([1, 2, 3].map((n) => useServer('stdio', { env: { N: `${n}` } })))
    const pool = usePool({ connectionsMax: 2 })
    const [one, two, three] = servers.map(({ settings }) => ({
      settings: { mcp_servers: { a: settings } },
      pool,
    }))
    const [first, second] = [await useBox(one), await useBox(two)]
    expect((await useBox(three)).notices[0]).toContain('2 connections to MCP servers already')
    const pids = [await say(first, 'pid'), await say(second, 'pid')].map(Number)
    await second.close()
    await first.close()
    expect((await useBox(three)).notices).toEqual([])
    await until(() => !isAlive(pids[1] ?? 0))
    expect(isAlive(pids[0] ?? 0)).toBe(true)
    expect(pool.size).toBe(2)
  })

  it('closes at the end what nobody uses, and the rest when it is given back', async () => {
    const { settings } = await useServer('stdio')
    const pool = usePool()
    const box = await useBox({ settings: { mcp_servers: { a: settings } }, pool })
    const pid = Number(await say(box, 'pid'))
    await pool.close()
    expect(await say(box, 'echo', { text: 'in use' })).toBe('in use')
    await box.close()
    await until(() => pool.size === 0 && !isAlive(pid))
  })

  it('tells a server of sessions that one is over', async () => {
    const { settings } = await useServer('streamable_http')
    const pool = usePool()
    const box = await useBox({ settings: { mcp_servers: { a: settings } }, pool })
    const { url } = settings as { url: string }
    const sessions = async () => await (await fetch(`${url}/sessions`)).text()
    expect(await sessions()).toBe('1')
    await box.close()
    await pool.close()
    expect(await sessions()).toBe('0')
  })

  it('gets a server anew that is there, but does not answer any more', async () => {
    const { settings } = await useServer('stdio', { more: { timeout: 0.2, connect_timeout: 2 } })
    const box = await useBox({ settings: { mcp_servers: { a: settings } } })
    const pid = Number(await say(box, 'pid'))
    process.kill(pid, 'SIGSTOP')
    onTestFinished(() => void (isAlive(pid) && process.kill(pid, 'SIGKILL')))
    expect((await call(box, 'pid')).content).toContain('longer than 0.2 s')
    await until(async () => {
      const { content, isError } = await call(box, 'pid')
      return !isError && Number(content) !== pid
    })
  })

  it('ends calls of a box that is closed, and not those of the others', async () => {
    const { settings } = await useServer('stdio')
    const pool = usePool()
    const use = () => useBox({ settings: { mcp_servers: { a: settings } }, pool })
    const [one, two] = [await use(), await use()]
    const [first, second] = [call(one, 'wait', { ms: 300 }), call(two, 'wait', { ms: 300 })]
    await one.close()
    expect((await first).isError).toBe(true)
    expect((await second).content).toBe('waited')
  })
})

// A process that uses a server which ignores the end of its input, and SIGTERM.
const FORGETFUL = `
const { openToolBox } = await import(${JSON.stringify(new URL('../../../../src/agents/built-in/tools/tool-box.ts', import.meta.url).href)})
const { toolSettings } = await import(${JSON.stringify(new URL('../../../../src/agents/built-in/tools/settings.ts', import.meta.url).href)})
const program = process.argv[1]
const stubborn = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); process.argv[2] = 'stdio'; await import(" + JSON.stringify(program) + ")"
const box = await openToolBox({
  settings: toolSettings.parse({ mcp_servers: { a: { transport: 'stdio', command: process.execPath, args: ['--input-type=module', '-e', stubborn] } } }),
  tools: [], clientTools: [], signal: new AbortController().signal,
  context: { threadId: 't', runId: 'r', logger: { info() {}, warn: console.error, error: console.error } },
})
const { content } = await box.call({ id: 'c', name: 'pid', args: '' }, new AbortController().signal)
console.log(content)
`

describe('programs of MCP servers', () => {
  it('do not outlive a worker that is killed, however stubborn they are', async () => {
    const program = new URL('./mcp-server.ts', import.meta.url).href
    const worker = spawn(process.execPath, ['--input-type=module', '-e', FORGETFUL, program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => void worker.kill('SIGKILL'))
    const [line] = await once(createInterface({ input: worker.stdout }), 'line')
    const pid = Number(line)
    onTestFinished(() => void (isAlive(pid) && process.kill(pid, 'SIGKILL')))
    expect(isAlive(pid)).toBe(true)
    worker.kill('SIGKILL')
    await until(() => !isAlive(pid), 8000)
  })
})
