import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, inject, it, onTestFinished, vi } from 'vitest'
import { AGENTS, cleanEnv, start } from '../cli/kar.ts'
import { jsonOf, post } from './stack.ts'

/** `kar serve` on the tests' broker, with a prefix and a data folder of its own. */
const useServer = async (folder: string, prefix: string) => {
  const env = cleanEnv({
    KAFKA_BROKERS: inject('kafkaBrokers').join(','),
    KAR_PREFIX: prefix,
    KAR_AGENTS: AGENTS,
    KAR_DATA_DIR: folder,
  })
  const server = start(['serve', '--port', '0'], env)
  const end = async () => {
    server.child.kill('SIGTERM')
    await server.ended
  }
  onTestFinished(end)
  await server.until('Ctrl-C stops it all.')
  return { url: /^HTTP +(\S+)$/m.exec(server.stdout)?.[1] ?? '', end }
}

const get = async (url: string) => {
  const answer = await fetch(url)
  return { status: answer.status, headers: answer.headers, body: await jsonOf(answer) }
}

interface Listed {
  id: string
  agentId: string
}

describe('/threads of kar serve', () => {
  it('answers CopilotKit’s thread endpoints, before and after a restart, with pages and filters', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kar-threads-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
    const prefix = `test-${folder.slice(-6)}`
    const { url, end } = await useServer(folder, prefix)
    const copilotKit = `${url}/api/copilotkit`
    const info = await get(`${copilotKit}/info`)
    expect(JSON.stringify(info.body)).toContain('"list":true')
    for (const [threadId, agentId] of [
      ['one', 'demo'],
      ['a/b', 'demo'],
      ['three', 'failing'],
    ]) {
      const messages = [{ id: `m-${threadId}`, role: 'user', content: 'Hello' }]
      await (await post(`${url}/agents/${agentId}/run`, { threadId, messages })).text()
    }

    const list = await vi.waitFor(
      async () => {
        const { status, headers, body } = await get(`${copilotKit}/threads`)
        expect([status, headers.get('kar-view-caught-up'), headers.get('kar-view-lag')]).toEqual([
          200,
          'true',
          '0',
        ])
        expect(body.threads).toMatchObject([
          { status: 'failed' },
          { status: 'finished' },
          { status: 'finished' },
        ])
        return body
      },
      { timeout: 10_000, interval: 50 },
    )
    expect(list.nextCursor).toBe(null)
    expect(list.threads).toMatchObject([
      { id: 'three', agentId: 'failing', status: 'failed', name: null, archived: false },
      { id: 'a/b', agentId: 'demo', status: 'finished', updatedAt: expect.stringMatching(/^2.*Z$/) },
      { id: 'one', agentId: 'demo' },
    ])
    const byAgent = await get(`${copilotKit}/threads?agentId=demo`)
    expect((byAgent.body.threads as Listed[]).map(({ id }) => id)).toEqual(['a/b', 'one'])

    const { body: told } = await get(`${copilotKit}/threads/${encodeURIComponent('a/b')}/messages`)
    expect(told.messages).toMatchObject([{ id: 'm-a/b', role: 'user', content: 'Hello' }, {}, {}, {}, {}])
    const { body: events } = await get(`${copilotKit}/threads/one/events`)
    const types = (events.events as { type: string }[]).map(({ type }) => type)
    expect([types[0], types.at(-1)]).toEqual(['RUN_STARTED', 'RUN_FINISHED'])
    expect((await get(`${copilotKit}/threads/one/state`)).body).toMatchObject({ state: { runs: 1 } })
    expect((await get(`${copilotKit}/threads/nobody/messages`)).body).toEqual({ messages: [] })

    const first = await get(`${copilotKit}/threads?limit=2&agentId=demo`)
    expect((first.body.threads as Listed[]).map(({ id }) => id)).toEqual(['a/b', 'one'])
    expect(first.body.nextCursor).toBe(null)
    const page = await get(`${copilotKit}/threads?limit=1`)
    const next = await get(`${copilotKit}/threads?limit=2&cursor=${page.body.nextCursor}`)
    expect([page, next].flatMap(({ body }) => (body.threads as Listed[]).map(({ id }) => id))).toEqual([
      'three',
      'a/b',
      'one',
    ])

    const own = await get(`${url}/threads?agentId=failing`)
    expect(own.body).toMatchObject({
      threads: [{ threadId: 'three', runs: 1, status: 'failed', whole: true }],
      nextCursor: null,
      view: { caughtUp: true, lag: 0 },
    })
    expect((await get(`${url}/threads?limit=none`)).body).toMatchObject({ error: 'INPUT_INVALID' })
    expect((await get(`${url}/readyz`)).body).toMatchObject({ ready: true, view: { caughtUp: true, lag: 0 } })

    const cleared = await fetch(`${copilotKit}/threads/clear`, { method: 'POST' })
    expect(cleared.status).toBe(204)
    await end()
    const again = await useServer(folder, prefix)
    const after = await get(`${again.url}/api/copilotkit/threads`)
    expect(after.body).toEqual(list)
  }, 60_000)
})
