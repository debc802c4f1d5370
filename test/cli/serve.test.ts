import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { afterAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest'
import { AGENTS, alive, cleanEnv, descendantsOf, type Kar, run, start, temporaryFolder } from './kar.ts'

const dataDir = temporaryFolder()
const env = cleanEnv({ KAR_DATA_DIR: dataDir, PORT: '0', KAR_AGENTS: AGENTS, KAR_PREFIX: 'served' })
const started: number[] = []
afterAll(async () => {
  for (const pid of alive(started)) process.kill(pid, 'SIGKILL')
  await rm(dataDir, { recursive: true, force: true, maxRetries: 5 })
})

const serve = async (args: string[] = [], serveEnv = env) => {
  const server = start(['serve', ...args], serveEnv)
  started.push(server.pid)
  await server.until('Ctrl-C stops it all.')
  const pids = descendantsOf(server.pid)
  started.push(...pids)
  return { server, pids, url: /^HTTP +(\S+)$/m.exec(server.stdout)?.[1] ?? '' }
}

const expectGone = (pids: number[]) =>
  vi.waitFor(() => expect(alive(pids)).toEqual([]), { timeout: 25_000, interval: 200 })

/** A second terminal that knows the data folder alone. */
const second = (args: string[]) => run(args, cleanEnv({ KAR_DATA_DIR: dataDir }))

describe('kar serve', () => {
  it('serves from an empty folder, keeps its threads over a restart and leaves nothing behind', async () => {
    const { server, pids, url } = await serve()
    // The JVM, the shell that watches over it, and the worker.
    expect(pids.length).toBe(3)
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    const asked = await second(['run', '--thread', 'kept', 'Will this be kept?'])
    expect([asked.code, asked.stderr]).toEqual([0, ''])
    const slow = start(
      ['run', '--thread', 'slow', '--agent', 'slow', 'Hi'],
      cleanEnv({ KAR_DATA_DIR: dataDir }),
    )
    await slow.until('thinking')
    await second(['stop', 'slow'])
    await slow.ended
    server.child.kill('SIGINT')
    expect(await server.ended).toBe(0)
    expect(alive(pids)).toEqual([])
    expect((await second(['status'])).code).toBe(2)

    const again = await serve()
    const kept = await second(['connect', 'kept'])
    expect(kept.stdout).toBe(asked.stdout)
    again.server.child.kill('SIGKILL')
    await again.server.ended
    await expectGone(again.pids)
  }, 120_000)
})

describe('kar broker', () => {
  it('is found by other commands while it runs, and stops without a trace', async () => {
    const folder = temporaryFolder()
    onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
    const own = cleanEnv({ KAR_DATA_DIR: folder })
    const broker = start(['broker'], own)
    started.push(broker.pid)
    await broker.until('KAFKA_BROKERS=127.0.0.1:')
    const pids = descendantsOf(broker.pid)
    started.push(...pids)
    expect(await run(['status'], own)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('No worker'),
    })
    broker.child.kill('SIGTERM')
    expect(await broker.ended).toBe(0)
    expect(alive(pids)).toEqual([])
    expect((await run(['status'], own)).code).toBe(2)
  })
})

describe('kar serve on brokers that are named', () => {
  const named = () =>
    cleanEnv({
      KAFKA_BROKERS: inject('kafkaBrokers').join(','),
      KAR_PREFIX: `test-${randomUUID().slice(0, 8)}`,
      KAR_AGENTS: AGENTS,
      KAR_DATA_DIR: temporaryFolder(),
    })
  const end = async ({ child, ended }: Kar) => {
    child.kill('SIGTERM')
    await ended
  }

  it('starts a worker again that crashed, and ends at once on a second Ctrl-C', async () => {
    const { server, pids } = await serve(['--port', '0'], named())
    onTestFinished(() => end(server))
    expect(pids.length).toBe(1)
    process.kill(pids[0] ?? 0, 'SIGKILL')
    await server.until('It is started again in 0.5 s')
    await vi.waitFor(() => expect(descendantsOf(server.pid).length).toBe(1), { timeout: 10_000 })
    const [worker = 0] = descendantsOf(server.pid)
    started.push(worker)
    server.child.kill('SIGINT')
    await new Promise((resolve) => setTimeout(resolve, 400))
    server.child.kill('SIGINT')
    expect([0, 130]).toContain(await server.ended)
    await expectGone([worker])
  })

  it('starts several workers or none', async () => {
    const two = await serve(['--port', '0', '--workers', '2'], named())
    onTestFinished(() => end(two.server))
    const ready = await (await fetch(`${two.url}/readyz`)).json()
    expect(ready).toMatchObject({ ready: true, workers: 2, agents: ['demo', 'slow', 'failing'] })
    const none = await serve(['--port', '0', '--workers', '0'], named())
    onTestFinished(() => end(none.server))
    expect((await fetch(`${none.url}/readyz`)).status).toBe(503)
    await Promise.all([two, none].map(({ server }) => end(server)))
    expect(alive([...two.pids, ...none.pids])).toEqual([])
  })

  it('fails with the reason when its worker cannot start', async () => {
    const broken = { ...named(), KAR_SESSION_TIMEOUT_MS: 'soon' }
    const { code, stderr } = await run(['serve', '--port', '0'], broken)
    expect([code, stderr]).toEqual([2, expect.stringContaining('sessionTimeoutMs')])
  })
})
