import { readdirSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as client from '@ag-ui/client'
import { lastValueFrom } from 'rxjs'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { DemoAgent } from '../../src/demo/demo-agent.ts'
import type { KafkaAgentRunner } from '../../src/runner/kafka-agent-runner.ts'
import { replay } from '../run/clients.ts'
import { ScriptedAgent, talker } from '../support/agents.ts'
import { collect, inputFor } from '../support/events.ts'
import { useKafka } from '../support/kafka.ts'

const useFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'kar-view-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Until the view shows a thread so. */
const untilShown = (runner: KafkaAgentRunner, threadId: string, shown: object) =>
  vi.waitFor(
    async () => {
      expect(runner.viewStatus()).toMatchObject({ caughtUp: true, lag: 0 })
      const { threads } = await runner.threads({ limit: 1_000 })
      expect(threads.find((thread) => thread.threadId === threadId)).toMatchObject(shown)
    },
    { timeout: 10_000, interval: 20 },
  )

const talk = (words = 3) => new ScriptedAgent(talker(words), 'talker')

const demo = () => new DemoAgent({ agentId: 'demo', delayMs: 0 })

/** A state that grows by deltas over the thread's runs. */
const counter = (path: string) =>
  new ScriptedAgent(async function* ({ threadId, runId }) {
    yield { type: 'RUN_STARTED', threadId, runId }
    yield { type: 'STATE_DELTA', delta: [{ op: 'add', path, value: 1 }] }
    yield { type: 'RUN_FINISHED', threadId, runId }
  }, 'counter')

const runOn = (runner: KafkaAgentRunner, threadId: string, agent: client.AbstractAgent, more = {}) =>
  lastValueFrom(runner.run({ threadId, agent, input: inputFor(threadId, more) }), { defaultValue: null })

/** What AG-UI's client makes of the whole thread. */
const replayed = async (runner: KafkaAgentRunner, threadId: string) => {
  const events = await collect(runner.connect({ threadId }))
  let thread: { messages: client.Message[]; state: unknown } = { messages: [], state: {} }
  let run: client.BaseEvent[] = []
  for (const event of events) {
    run.push(event)
    if (event.type !== 'RUN_FINISHED' && event.type !== 'RUN_ERROR') continue
    thread = await replay(client, run, thread)
    run = []
  }
  return { events, messages: thread.messages, state: thread.state }
}

describe('the list of threads', () => {
  it('has what a replay of each thread leads to, in another process than the one that ran them', async () => {
    const { runner } = useKafka()
    const api = runner({ worker: { agents: { demo, talker: talk } } })
    await runOn(api, 'one', demo())
    await runOn(api, 'one', demo())
    await runOn(api, 'two', talk())
    await runOn(api, 'three', counter('/run-1'))
    await runOn(api, 'three', counter('/run-2'))
    const reader = runner({ view: true })
    await reader.start()
    await untilShown(reader, 'one', { status: 'finished', runs: 2, whole: true, agentId: 'demo' })
    await untilShown(reader, 'two', { status: 'finished', runs: 1, whole: true, agentId: 'talker' })
    await untilShown(reader, 'three', { status: 'finished', runs: 2, whole: true })
    for (const threadId of ['one', 'two', 'three']) {
      const { events, messages, state } = await replayed(api, threadId)
      expect(messages.length).toBeGreaterThan(1)
      expect(reader.getThreadMessages(threadId)).toEqual(messages)
      expect(reader.getThreadState(threadId) ?? {}).toEqual(state)
      expect(reader.getThreadEvents(threadId)).toEqual(events)
    }
    expect(reader.getThreadState('three')).toEqual({ 'run-1': 1, 'run-2': 1 })
    expect(reader.getThreadState('two')).toBe(null)
    expect(reader.listThreads().map(({ id, agentId }) => [id, agentId])).toEqual([
      ['three', 'counter'],
      ['two', 'talker'],
      ['one', 'demo'],
    ])
    expect([
      reader.getThreadMessages('no'),
      reader.getThreadEvents('no'),
      reader.getThreadState('no'),
    ]).toEqual([[], [], null])
    reader.clearThreads()
    expect(reader.listThreads().length).toBe(3)
  })

  it('shows a run that goes on, keeps a file over a restart, and forgets a deleted thread for good', async () => {
    const { runner } = useKafka()
    const folder = await useFolder()
    const path = join(folder, 'view.sqlite')
    const slow = new ScriptedAgent(talker(1_000, 20), 'talker')
    const first = runner({ worker: true, view: { path } })
    const running = runOn(first, 'kept', slow, { runId: 'slow' })
    await untilShown(first, 'kept', { status: 'running', runId: 'slow', seq: 0 })
    expect(first.getThreadMessages('kept')).toEqual([])
    await first.stop({ threadId: 'kept' })
    await running
    await untilShown(first, 'kept', { status: 'finished' })
    await runOn(first, 'gone', talk())
    await untilShown(first, 'gone', { status: 'finished' })
    await first.close()

    const again = runner({ worker: true, view: { path } })
    await again.start()
    // From the file, before anything can have been read again.
    expect(again.getThreadMessages('gone').length).toBe(2)
    await again.deleteThread({ threadId: 'gone' })
    await vi.waitFor(() => expect(again.listThreads().map(({ id }) => id)).toEqual(['kept']))
    expect(again.getThreadMessages('gone')).toEqual([])
    await runOn(again, 'gone', talk(1), { runId: 'anew' })
    await untilShown(again, 'gone', { runs: 1, whole: true, status: 'finished' })
    const anew = again.getThreadMessages('gone')
    expect(anew.map(({ id }) => id)).toEqual(['user-anew', 'message-anew'])

    // A view that never saw the deletion takes only the runs of the thread that there is.
    const other = runner({ view: true })
    await other.start()
    await untilShown(other, 'gone', { runs: 1, whole: true })
    expect(other.getThreadMessages('gone')).toEqual(anew)
    expect(other.getThreadEvents('gone')).toEqual(again.getThreadEvents('gone'))
  })

  it('says what is wrong with its file', async () => {
    const { runner } = useKafka()
    const folder = await useFolder()
    const path = join(folder, 'view.sqlite')
    const own = runner({ view: { path } })
    await own.start()
    await expect(runner({ view: { path } }).start()).rejects.toMatchObject({
      code: 'VIEW_UNAVAILABLE',
      message: expect.stringContaining('another process has it open'),
    })
    await own.close()
    await expect(runner({ view: { path }, prefix: `${folder.slice(-6)}` }).start()).rejects.toMatchObject({
      code: 'VIEW_MISMATCH',
    })
    const none = runner()
    expect(none.ɵsupportsLocalThreadEndpoints).toBe(false)
    expect(none.viewStatus()).toBe(undefined)
    expect(() => none.listThreads()).toThrow(expect.objectContaining({ code: 'VIEW_UNAVAILABLE' }))
  })

  it('has a file for each process, cluster and prefix in a folder', async () => {
    const { runner } = useKafka()
    const folder = join(await useFolder(), 'views')
    const [one, two] = [runner({ view: { folder } }), runner({ view: { folder } })]
    await one.start()
    await two.start()
    expect(readdirSync(folder).filter((name) => name.endsWith('.sqlite')).length).toBe(2)
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o077).toBe(0)
  })
})
