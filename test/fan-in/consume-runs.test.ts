import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type ConsumeRunsOptions, consumeRuns } from '../../src/fan-in/consume-runs.ts'
import type { RunFact } from '../../src/fan-in/run-fact.ts'
import { sleep } from '../../src/sleep.ts'
import { ScriptedAgent, talker } from '../support/agents.ts'
import { collect, inputFor } from '../support/events.ts'
import { endInParts, factOf, until, useRunsTopic } from '../support/facts.ts'
import { useKafka } from '../support/kafka.ts'
import { quiet } from '../support/quiet.ts'
import { committedOf, useTopic } from '../support/topic.ts'

const useConsumer = () => {
  const kafka = useKafka()
  const groupId = `${kafka.prefix}.consumer`
  const consume = async (options: Pick<ConsumeRunsOptions, 'onRun'> & Partial<ConsumeRunsOptions>) => {
    const { brokers, prefix } = kafka
    const consumption = await consumeRuns({ kafka: { brokers }, prefix, groupId, logger: quiet, ...options })
    onTestFinished(() => consumption.stop())
    return consumption
  }
  return { ...kafka, kafka, groupId, consume }
}

/** Notes what comes. */
const noting = () => {
  const runs: RunFact[] = []
  return { runs, onRun: async (run: RunFact) => void runs.push(run) }
}

const keys = (facts: RunFact[]) => facts.map(({ threadId, id }) => `${threadId} ${id}`)

describe('consumeRuns', () => {
  it('gives a real run once, with all of its events, and what was told before it', async () => {
    const { kafka, consume } = useConsumer()
    const runner = kafka.runner({ worker: true })
    const input = inputFor('t')
    await collect(runner.run({ threadId: 't', agent: new ScriptedAgent(talker(5)), input }))
    const { runs, onRun } = noting()
    const news: RunFact[] = []
    await consume({ onRun, onFact: (fact) => void news.push(fact) })
    await until(() => runs.length > 0)
    expect(news.map(({ fact }) => fact)).toEqual(['accepted', 'started'])
    expect(runs).toMatchObject([{ fact: 'finished', threadId: 't', runId: input.runId }])
    expect(runs[0]?.events.map(({ type }) => type)).toEqual([
      'RUN_STARTED',
      'TEXT_MESSAGE_START',
      'TEXT_MESSAGE_CONTENT',
      'TEXT_MESSAGE_END',
      'RUN_FINISHED',
    ])
  })

  it('keeps the order of each thread, one call at a time, and lets others go on meanwhile', async () => {
    const { kafka, consume } = useConsumer()
    const topic = await useRunsTopic(kafka)
    const threads = Array.from({ length: 12 }, (_, index) => `thread-${index}`)
    await topic.tell(
      Array.from({ length: 20 }, (_, run) => threads.map((thread) => factOf(thread, 'finished', run))).flat(),
    )
    const order = new Map<string, string[]>()
    const open = new Set<string>()
    let overlaps = 0
    let widest = 0
    await consume({
      concurrency: 5,
      onRun: async ({ threadId, runId }) => {
        if (open.has(threadId)) overlaps += 1
        open.add(threadId)
        widest = Math.max(widest, open.size)
        await sleep(Math.random() * 4)
        open.delete(threadId)
        order.set(threadId, [...(order.get(threadId) ?? []), runId])
      },
    })
    await until(() => [...order.values()].flat().length === 240)
    const expected = Array.from({ length: 20 }, (_, run) => `run-${run}`)
    for (const thread of threads) expect(order.get(thread)).toEqual(expected)
    expect([overlaps, widest]).toEqual([0, 5])
  })

  it('drops what is told again, and puts together a run of several MB that was told in pieces', async () => {
    const { kafka, groupId, consume } = useConsumer()
    const topic = await useRunsTopic(kafka)
    const large = endInParts('t', 'large', 6, 700_000)
    await topic.tell([factOf('t', 'finished', 1), factOf('t', 'finished', 1)])
    // Its worker failed twice before it had told all, and another did it again afterwards.
    await topic.tell([large[0]!, large[2]!])
    await topic.tell([large[3]!, factOf('t', 'failed', 2), ...large, factOf('t', 'finished', 1), ...large])
    await topic.tell([...large.slice(3), factOf('t', 'rejected', 3)])
    const { runs, onRun } = noting()
    const consumption = await consume({ onRun })
    await until(() => runs.length >= 4)
    await consumption.stop()
    expect(keys(runs)).toEqual([
      't command-1/ended',
      't command-2/ended',
      't command-large/ended',
      't command-3/rejected',
    ])
    const { events, part, parts } = runs[2]!
    expect([part, parts]).toEqual([0, 1])
    expect(events.map(({ event }) => event.name)).toEqual(large.map((_, index) => `part-${index}`))
    expect(JSON.stringify(events).length).toBeGreaterThan(4_200_000)
    expect(await committedOf(kafka.brokers, groupId, topic.topic)).toBe(23)
  })

  it('commits nothing behind an end that is not complete, and stops where the parts are too large', async () => {
    const { kafka, groupId, consume } = useConsumer()
    const topic = await useRunsTopic(kafka)
    const [first, second, third] = endInParts('t', 'parts', 3, 100_000)
    await topic.tell([factOf('t', 'finished', 1), first!, factOf('t', 'finished', 2), second!])
    const before = noting()
    const one = await consume({ onRun: before.onRun })
    await until(() => before.runs.length === 2)
    await one.stop()
    expect(await committedOf(kafka.brokers, groupId, topic.topic)).toBe(1)

    const small = await consume({ onRun: () => {}, partsBytesMax: 150_000 })
    await expect(small.done).rejects.toMatchObject({
      code: 'RUN_TOO_LARGE',
      message: expect.stringContaining('partsBytesMax'),
    })
    expect(await committedOf(kafka.brokers, groupId, topic.topic)).toBe(1)

    const after = noting()
    await consume({ onRun: after.onRun })
    await topic.tell([third!])
    await until(() => after.runs.length === 2)
    expect(keys(after.runs)).toEqual(['t command-2/ended', 't command-parts/ended'])
    await until(async () => (await committedOf(kafka.brokers, groupId, topic.topic)) === 5)
  })

  it('sends a record that is no fact to the dead letters, whole and with the reason, and goes on', async () => {
    const { kafka, groupId, consume } = useConsumer()
    const topic = await useRunsTopic(kafka)
    await topic.write('t', Buffer.from('no JSON'), { mine: 'kept' })
    await topic.write('t', Buffer.from('{"version":1,"id":"x"}'))
    await topic.write('t', null)
    await topic.write('t', Buffer.from([0, 0, 0, 0, 9, 1, 2, 3]))
    await topic.tell([factOf('t', 'finished', 1)])
    const { runs, onRun } = noting()
    const warnings: unknown[] = []
    await consume({ onRun, logger: { ...quiet, warn: (_, fields) => void warnings.push(fields?.code) } })
    await until(() => runs.length === 1)
    const letters = useTopic(kafka.brokers, topic.deadLetters)
    await until(() => letters.records.length === 4)
    expect(letters.records[0]).toMatchObject({ key: 't', value: 'no JSON' })
    const headers = letters.headers.map((each) => each['dead-letter-reason'])
    expect(headers[1]).toMatch(/fact: .*threadId: /)
    expect(letters.headers[0]).toMatchObject({
      mine: 'kept',
      'dead-letter-code': 'FACT_UNDECODABLE',
      'dead-letter-source': expect.stringMatching(new RegExp(`^${topic.topic}/\\d/0$`)),
    })
    expect(warnings).toEqual(Array(4).fill('FACT_UNDECODABLE'))
    await until(async () => (await committedOf(kafka.brokers, groupId, topic.topic)) === 5)
  })

  it('calls again when onRun fails, then stops with a named error and passes over nothing', async () => {
    const { kafka, consume } = useConsumer()
    const topic = await useRunsTopic(kafka)
    await topic.tell([1, 2, 3].map((run) => factOf('t', 'finished', run)))
    const calls: string[] = []
    const failing = await consume({
      attemptsMax: 3,
      onRun: async ({ runId }) => {
        calls.push(runId)
        if (runId === 'run-2') throw new Error('the database is away')
      },
    })
    await expect(failing.done).rejects.toMatchObject({
      code: 'FACT_UNHANDLED',
      message: expect.stringMatching(/command-2\/ended of thread "t".* 3 attempts: the database is away/),
    })
    expect(calls).toEqual(['run-1', 'run-2', 'run-2', 'run-2'])

    const { runs, onRun } = noting()
    await consume({ onRun })
    await until(() => runs.length === 2)
    expect(keys(runs)).toEqual(['t command-2/ended', 't command-3/ended'])
  })

  it('begins with what comes from then on where it is told to, and goes on there', async () => {
    const { kafka, consume } = useConsumer()
    const topic = await useRunsTopic(kafka)
    await topic.tell([factOf('t', 'finished', 'old')])
    const { runs, onRun } = noting()
    const first = await consume({ onRun, fromBeginning: false })
    await first.stop()
    // Nothing was committed by what was handled: its place is where it began.
    await topic.tell([factOf('t', 'finished', 'new')])
    await consume({ onRun, fromBeginning: false })
    await until(() => runs.length === 1)
    expect(keys(runs)).toEqual(['t command-new/ended'])
  })

  it('waits for the call that is under way when it is stopped, and commits it', async () => {
    const { kafka, groupId, consume } = useConsumer()
    const topic = await useRunsTopic(kafka)
    await topic.tell([factOf('t', 'finished', 1), factOf('t', 'finished', 2)])
    const started = Promise.withResolvers<void>()
    const handled: string[] = []
    const consumption = await consume({
      onRun: async ({ runId }) => {
        started.resolve()
        await sleep(300)
        handled.push(runId)
      },
    })
    await started.promise
    await Promise.all([consumption.stop(), consumption.stop()])
    await consumption.done
    expect(handled).toEqual(['run-1'])
    expect(await committedOf(kafka.brokers, groupId, topic.topic)).toBe(1)
  })
})

/** A consumer in a process of its own; see test/fixtures/runs-consumer.ts. */
const startMember = (env: Record<string, string>) => {
  const child: ChildProcess = spawn(process.execPath, ['test/fixtures/runs-consumer.ts'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const handled: { key: string; events: number }[] = []
  createInterface({ input: child.stdout! }).on('line', (line) => handled.push(JSON.parse(line)))
  const kill = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    await exited
  }
  onTestFinished(() => kill('SIGKILL'))
  return { handled, kill }
}

describe('a group of consumeRuns', () => {
  it('loses nothing over a crash and over members that come and go, and what comes again has the same key', {
    timeout: 60_000,
  }, async () => {
    const { kafka, groupId } = useConsumer()
    const topic = await useRunsTopic(kafka)
    const env = { BROKERS: kafka.brokers.join(','), PREFIX: kafka.prefix, GROUP: groupId, PAUSE_MS: '5' }
    const facts: RunFact[] = []
    let telling = true
    const told = (async () => {
      for (let run = 0; telling; run += 1) {
        const threadId = `thread-${run % 20}`
        const some =
          run % 50 === 0 ? endInParts(threadId, run, 3, 50_000) : [factOf(threadId, 'finished', run)]
        facts.push(...some)
        await topic.tell(some)
        await sleep(5)
      }
    })()

    const first = startMember(env)
    await until(() => first.handled.length > 60)
    const second = startMember(env)
    await until(() => second.handled.length > 30, 25_000)
    await first.kill('SIGKILL')
    const third = startMember(env)
    await until(() => third.handled.length > 30, 25_000)
    telling = false
    await told
    const wanted = new Set(keys(facts))
    const all = () => [first, second, third].flatMap(({ handled }) => handled)
    await until(() => new Set(all().map(({ key }) => key)).size === wanted.size, 25_000)
    expect(new Set(all().map(({ key }) => key))).toEqual(wanted)
    for (const { key, events } of all()) {
      const run = Number(/command-(\d+)/.exec(key)?.[1])
      expect([key, events]).toEqual([key, run % 50 === 0 ? 3 : 0])
    }
    await Promise.all([second.kill('SIGTERM'), third.kill('SIGTERM')])
    expect(await committedOf(kafka.brokers, groupId, topic.topic)).toBe(facts.length)
    // Of each member every run once, and in the order of its thread.
    for (const { handled } of [first, second, third]) {
      expect(new Set(handled.map(({ key }) => key)).size).toBe(handled.length)
      const last = new Map<string, number>()
      for (const { key } of handled) {
        const [thread = '', id = ''] = key.split(' ')
        const run = Number(/\d+/.exec(id)?.[0])
        expect(run).toBeGreaterThan(last.get(thread) ?? -1)
        last.set(thread, run)
      }
    }
  })
})
