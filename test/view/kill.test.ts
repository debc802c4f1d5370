import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { KafkaAgentRunner } from '../../src/runner/kafka-agent-runner.ts'
import type { ViewStatus } from '../../src/view/thread-page.ts'
import { useKafka } from '../support/kafka.ts'
import { fill } from './fill.ts'

const THREADS = 300
const RUNS_PER_THREAD = 6

/** Starts a viewer, kills it once its status is so, and gives the last one. */
const killWhen = (args: string[], isSo: (status: ViewStatus) => boolean): Promise<ViewStatus> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['test/view/viewer.ts', ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let last: ViewStatus | undefined
    createInterface(child.stdout).on('line', (line) => {
      last = JSON.parse(line) as ViewStatus
      if (isSo(last)) child.kill('SIGKILL')
    })
    child.on('exit', () => (last === undefined ? reject(new Error('it never began')) : resolve(last)))
  })

const caughtUp = (runner: KafkaAgentRunner) =>
  vi.waitFor(() => expect(runner.viewStatus()).toMatchObject({ caughtUp: true, lag: 0 }), {
    timeout: 20_000,
    interval: 20,
  })

const contentOf = (runner: KafkaAgentRunner) =>
  runner.listThreads().map((thread) => ({
    thread,
    messages: runner.getThreadMessages(thread.id),
    state: runner.getThreadState(thread.id),
    events: runner.getThreadEvents(thread.id).length,
  }))

describe('a view whose process is killed while it reads', () => {
  it('goes on from its file, and ends with what one that was never killed has', async () => {
    const { brokers, prefix, runner } = useKafka()
    const folder = await mkdtemp(join(tmpdir(), 'kar-kill-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const path = join(folder, 'view.sqlite')
    const args = [brokers.join(','), prefix, path]
    await fill({
      brokers,
      prefix,
      partitions: 3,
      threads: THREADS,
      runsPerThread: RUNS_PER_THREAD,
      retellEvery: 7,
    })

    const first = await killWhen(args, ({ updatedAt }) => updatedAt !== undefined)
    expect(first.caughtUp).toBe(false)
    const second = await killWhen(args, ({ lag }) => lag > 0)
    expect(second.caughtUp).toBe(false)

    const mended = runner({ view: { path } })
    const whole = runner({ view: true })
    await Promise.all([mended.start(), whole.start()])
    await Promise.all([caughtUp(mended), caughtUp(whole)])
    const content = contentOf(whole)
    expect(content.length).toBe(THREADS)
    for (const { messages, state, events } of content) {
      expect([messages.length, state, events]).toEqual([
        5 * RUNS_PER_THREAD,
        { runs: RUNS_PER_THREAD },
        15 * RUNS_PER_THREAD,
      ])
    }
    expect(contentOf(mended)).toEqual(content)
    const { threads } = await mended.threads({ limit: 1_000 })
    expect(threads.every((thread) => thread.whole)).toBe(true)
  }, 60_000)
})
