import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sleep } from '../../src/sleep.ts'
import { ScriptedAgent, talker, talkOf } from '../support/agents.ts'
import { collect, inputFor, textOf, typesOf, verify } from '../support/events.ts'
import { useKafka } from '../support/kafka.ts'
import { startKar } from '../support/kar.ts'

const PRESENCE_LIMIT_MS = 2_000
const TIMES = { KAR_PRESENCE_LIMIT_MS: String(PRESENCE_LIMIT_MS), KAR_PRESENCE_INTERVAL_MS: '200' }
const called = (agentId: string) => new ScriptedAgent(talker(1), agentId)

interface Noted {
  what: 'began' | 'aborted' | 'ended'
  runId: string
  pid: number
}

/** Worker processes that can be told apart, a runner, and what their agents note outside of Kafka. */
const useWorkers = () => {
  const kafka = useKafka()
  const journal = join(mkdtempSync(join(tmpdir(), 'kar-')), 'journal')
  const env = {
    KAFKA_BROKERS: kafka.brokers.join(','),
    KAR_PREFIX: kafka.prefix,
    KAR_COMMAND_PARTITIONS: '3',
    JOURNAL: journal,
    ...TIMES,
  }
  let count = 0
  return {
    runner: kafka.runner(),
    start: async () => {
      count += 1
      const worker = startKar(['worker', '--agents', 'test/fixtures/fault-agents.ts'], {
        ...env,
        KAR_WORKER_ID: `worker-${count}`,
      })
      await worker.line(/takes commands/)
      return { ...worker, workerId: `worker-${count}` }
    },
    noted: (): Noted[] => {
      if (!existsSync(journal)) return []
      const lines = readFileSync(journal, 'utf8').split('\n')
      return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Noted)
    },
  }
}

describe('a worker that is killed', () => {
  it('loses no thread: its run is closed and the next one runs, by another worker', {
    timeout: 90_000,
  }, async () => {
    const { runner, start, noted } = useWorkers()
    const victim = await start()
    const [failing, again] = ['t-1', 't-2'] as const
    const live = [
      collect(runner.run({ threadId: failing, agent: called('endless'), input: inputFor(failing) })),
      collect(runner.run({ threadId: again, agent: called('again'), input: inputFor(again) })),
    ] as const
    await start()
    await expect.poll(() => noted(), { timeout: 20_000 }).toHaveLength(2)
    await sleep(300)
    victim.child.kill('SIGKILL')

    const [lost, restarted] = await Promise.all(live)
    expect(lost.at(-1)).toMatchObject({ type: 'RUN_ERROR', code: 'WORKER_LOST' })
    expect(typesOf(restarted).at(-1)).toBe('RUN_FINISHED')
    expect(textOf(restarted).endsWith(talkOf(100))).toBe(true)
    const next = await collect(
      runner.run({ threadId: failing, agent: called('steady'), input: inputFor(failing) }),
    )
    expect(textOf(next)).toBe(talkOf(150))
    for (const threadId of [failing, again]) await verify(await collect(runner.connect({ threadId })))
    const began = noted().filter(({ what }) => what === 'began')
    expect(began.map(({ runId }) => runId).sort()).toEqual(
      [lost[0]?.runId, restarted[0]?.runId, restarted[0]?.runId, next[0]?.runId].sort(),
    )
  })
})

describe('a worker that is frozen for longer than the others wait for it', () => {
  it('shows nobody what it writes afterwards, aborts its agent, and goes on with new work', {
    timeout: 90_000,
  }, async () => {
    const { runner, start, noted } = useWorkers()
    const frozen = await start()
    const live = collect(runner.run({ threadId: 't', agent: called('endless'), input: inputFor('t') }))
    await expect.poll(() => runner.status('t'), { timeout: 20_000 }).toMatchObject({ running: true })
    await start()
    frozen.child.kill('SIGSTOP')
    const lost = await live
    expect(lost.at(-1)).toMatchObject({ type: 'RUN_ERROR', code: 'WORKER_LOST' })
    const before = await collect(runner.connect({ threadId: 't' }))
    frozen.child.kill('SIGCONT')
    const runId = lost[0]?.runId
    await expect
      .poll(() => noted().filter((note) => note.runId === runId && note.what === 'aborted'), {
        timeout: 20_000,
      })
      .toHaveLength(1)
    expect(await collect(runner.connect({ threadId: 't' }))).toEqual(before)

    // Enough threads for every partition: some of these are the thawed worker's again.
    const pids = async () => {
      const threads = Array.from({ length: 8 }, (_, index) => `next-${index}-${Math.random()}`)
      const runs = threads.map((threadId) =>
        collect(runner.run({ threadId, agent: called('steady'), input: inputFor(threadId) })),
      )
      for (const events of await Promise.all(runs)) expect(textOf(events)).toBe(talkOf(150))
      return noted().filter(({ what }) => what === 'ended')
    }
    await expect
      .poll(async () => (await pids()).map(({ pid }) => pid), { timeout: 40_000 })
      .toContain(frozen.child.pid)
  })
})

describe('workers that come and go in order', () => {
  it('end no run early: a rolling restart of all, and new ones that join, under load', {
    timeout: 120_000,
  }, async () => {
    const { runner, start } = useWorkers()
    const workers = [await start(), await start()]
    let going = true
    const talk = async (threadId: string) => {
      const ends: unknown[] = []
      while (going) {
        const events = await collect(
          runner.run({ threadId, agent: called('steady'), input: inputFor(threadId) }),
        )
        ends.push(textOf(events) === talkOf(150) ? typesOf(events).at(-1) : events.at(-1))
      }
      return ends
    }
    const talking = Array.from({ length: 12 }, (_, index) => talk(`t-${index}`))
    await sleep(1_500)
    for (const old of workers) {
      await start()
      old.child.kill('SIGTERM')
      expect(await old.exited).toBe(0)
    }
    going = false
    const ends = (await Promise.all(talking)).flat()
    expect(ends.length).toBeGreaterThan(12)
    expect(new Set(ends)).toEqual(new Set(['RUN_FINISHED']))
  })
})
