import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { AGENTS, cleanEnv, type Kar, run, start } from './kar.ts'

let env: NodeJS.ProcessEnv
let worker: Kar
beforeAll(async () => {
  env = cleanEnv({
    KAFKA_BROKERS: inject('kafkaBrokers').join(','),
    KAR_PREFIX: `test-${randomUUID().slice(0, 8)}`,
  })
  worker = start(['worker', '--agents', AGENTS], env)
  await worker.until('takes commands for demo, slow, failing')
})
afterAll(async () => {
  worker.child.kill('SIGTERM')
  expect(await worker.ended).toBe(0)
  const { code, stderr } = await run(['status'], env)
  expect([code, stderr]).toEqual([1, expect.stringContaining('No worker is there')])
})

const threadId = () => `t-${randomUUID()}`

/** Message texts by id, and the state: what a client ends with. */
const outcome = (jsonLines: string) => {
  const texts: Record<string, string> = {}
  for (const line of jsonLines.trim().split('\n')) {
    const event = JSON.parse(line)
    if (event.type.endsWith('_CONTENT')) texts[event.messageId] = (texts[event.messageId] ?? '') + event.delta
    for (const { id, content } of event.input?.messages ?? []) texts[id] = content
  }
  return texts
}

describe('kar run and kar connect', () => {
  it('show the same, to programs and to people', async () => {
    const thread = threadId()
    const live = await run(['run', '--thread', thread, '--json', 'How', 'many?'], env)
    const replayed = await run(['connect', thread, '--json'], env)
    expect([live.code, replayed.code]).toEqual([0, 0])
    expect(Object.values(outcome(live.stdout))).toContain('How many?')
    expect(outcome(replayed.stdout)).toEqual(outcome(live.stdout))

    const second = await run(['run', '--thread', thread], env, 'And from standard input?')
    expect(second.code).toBe(0)
    expect(second.stdout).toContain('This is run 2 on this thread')
    const after = String(live.stdout.trim().split('\n').length)
    const rest = await run(['connect', thread, '--after', after], env)
    expect(rest.stdout.trim()).toBe(second.stdout.trim())
    const both = await run(['connect', thread], env)
    expect(both.stdout.endsWith(second.stdout)).toBe(true)
    expect(both.stdout).toMatch(/^you {7}How many\?$/m)
  })

  it('print no colours into a pipe, and a thread id where none was given', async () => {
    const { stdout, stderr } = await run(['run', 'Hi'], env)
    expect(stdout).not.toContain('\u001b')
    const thread = /^Thread (cli-\w+)$/m.exec(stderr)?.[1] ?? ''
    expect((await run(['status', thread], env)).code).toBe(0)
  })

  it('exit with 1 where the run ends with RUN_ERROR', async () => {
    const failed = await run(['run', '--agent', 'failing', 'Hi'], env)
    expect([failed.code, failed.stdout]).toEqual([1, expect.stringMatching(/^failed {4}the model is away/m)])
    const unknown = await run(['run', '--agent', 'nobody', 'Hi'], env)
    expect([unknown.code, unknown.stdout]).toEqual([1, expect.stringContaining('[UNKNOWN_AGENT]')])
    expect(unknown.stderr).toContain('No worker has an agent "nobody"')
  })

  it('leave the run alone on Ctrl-C; kar stop ends it, and a reader sees it end', async () => {
    const thread = threadId()
    const running = start(['run', '--thread', thread, '--agent', 'slow', 'Hi'], env)
    await running.until('thinking')
    const reader = start(['connect', thread], env)
    await reader.until('thinking')
    running.child.kill('SIGINT')
    expect(await running.ended).toBe(130)
    expect(running.stderr).toContain(`kar -- stop ${thread} --run `)
    const runId = / --run (\S+)/.exec(running.stderr)?.[1] ?? ''

    expect((await run(['stop', thread, '--run', 'another'], env)).code).toBe(1)
    const status = await run(['status', thread, '--json'], env)
    expect(JSON.parse(status.stdout)).toMatchObject({ running: true, runs: [{ runId, agentId: 'slow' }] })
    const stopped = await run(['stop', thread, '--run', runId], env)
    expect([stopped.code, stopped.stdout]).toEqual([0, `Stopped the run of thread "${thread}".\n`])
    expect(await reader.ended).toBe(0)
    expect((await run(['stop', thread], env)).code).toBe(1)
    expect((await run(['status', thread], env)).stdout).toContain('finished (stop)')
  })

  it('stay with --follow until Ctrl-C', async () => {
    const thread = threadId()
    await run(['run', '--thread', thread, 'Hi'], env)
    const reader = start(['connect', thread, '--follow'], env)
    await reader.until('run finished')
    await run(['run', '--thread', thread, 'Hi'], env)
    await reader.until('This is run 2')
    reader.child.kill('SIGINT')
    expect(await reader.ended).toBe(0)
    expect(reader.stderr).toMatch(new RegExp(`connect ${thread} --after \\d+\\n`))
  })

  it('tell when no worker is there', async () => {
    const lonely = start(['run', 'Hi'], { ...env, KAR_PREFIX: `test-${randomUUID().slice(0, 8)}` })
    await lonely.until('Waiting for a worker')
    lonely.child.kill('SIGINT')
    // Before there is a run to leave alone, the signal ends it as any program: 130 in a shell too.
    expect([130, 'SIGINT']).toContain(await lonely.ended)
  })
})

describe('kar delete', () => {
  it('ends the run and removes the thread; who shows it is told, and a second time there is none', async () => {
    const thread = threadId()
    const running = start(['run', '--thread', thread, '--agent', 'slow', 'Hi'], env)
    await running.until('thinking')
    const reader = start(['connect', thread, '--follow'], env)
    await reader.until('thinking')
    const deleted = await run(['delete', thread], env)
    expect(deleted).toMatchObject({ code: 0, stdout: `Deleted thread "${thread}".\n`, stderr: '' })
    expect(await running.ended).toBe(0)
    expect(await reader.ended).toBe(1)
    expect(reader.stderr).toContain('[THREAD_DELETED]')
    const again = await run(['delete', thread], env)
    expect(again).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('There is no thread'),
    })
    expect((await run(['status', thread], env)).code).toBe(1)
  })
})

describe('kar status', () => {
  it('shows the workers, and 1 for a thread that is not there', async () => {
    const [workers, nothing] = await Promise.all([run(['status'], env), run(['status', 'nothing'], env)])
    expect(workers).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/running +0 .* demo, slow, failing$/m),
    })
    expect(nothing).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('There is no thread'),
    })
  })
})
