import { firstValueFrom } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { sleep } from '../../src/sleep.ts'
import { sharedTopics, threadTopic } from '../../src/topics.ts'
import { ScriptedAgent, talker, talkOf } from '../support/agents.ts'
import { collect, inputFor, textOf, typesOf, verify } from '../support/events.ts'
import { useKafka } from '../support/kafka.ts'
import { follow, useLogIo } from '../support/log-io.ts'
import { quiet } from '../support/quiet.ts'
import { useHands } from '../worker/by-hand.ts'

const short = new ScriptedAgent(talker(3), 'short')
const long = new ScriptedAgent(talker(500, 20), 'long')
/** Goes on whatever it is told. */
const deaf = new ScriptedAgent(long.script, 'deaf')
deaf.clone = () => {
  const copy = new ScriptedAgent(long.script, 'deaf')
  copy.abortRun = () => {}
  return copy
}
const agents = { short, long, deaf }

/** Two API processes' worth of runners and a worker. */
const useStack = async () => {
  const kafka = useKafka()
  await kafka.worker({ agents, logger: quiet })
  const [one, other] = [kafka.runner(), kafka.runner()]
  const topicOf = (threadId: string) => threadTopic(kafka.prefix, threadId)
  const run = (runner: typeof one, agent = short, threadId = 't') =>
    runner.run({ threadId, agent, input: inputFor(threadId) })
  /** What the directory holds for a thread: null after a deletion. */
  const entryOf = async (threadId: string) => {
    const { tail } = useLogIo()
    const directory = follow(tail, sharedTopics(kafka.prefix, 3).threads.name)
    await sleep(500)
    directory.stop()
    return directory.records.findLast(({ key }) => key === threadId)?.value
  }
  return { kafka, one, other, topicOf, run, entryOf }
}

const endOf = (events: ReturnType<typeof collect>) =>
  events.then(
    () => 'completed',
    ({ code }) => code,
  )

describe('deleteThread', { timeout: 60_000 }, () => {
  it('removes the log and the directory entry; to all the thread is unknown then', async () => {
    const { one, other, topicOf, run, entryOf } = await useStack()
    await collect(run(one))
    expect(await entryOf('t')).not.toBeNull()
    expect(await other.deleteThread({ threadId: 't' })).toBe(true)
    for (const runner of [one, other]) {
      expect(await runner.status('t')).toBeUndefined()
      expect(await runner.isRunning({ threadId: 't' })).toBe(false)
      expect(await runner.stop({ threadId: 't' })).toBe(false)
      expect(await collect(runner.connect({ threadId: 't' }))).toEqual([])
    }
    expect(await entryOf('t')).toBeNull()
    expect(await useLogIo().cluster.locate(topicOf('t'))).toBeUndefined()
    expect(await one.deleteThread({ threadId: 't' })).toBe(false)
  })

  it('of a thread that nobody knows is false, and creates nothing', async () => {
    const { one, topicOf } = await useStack()
    expect(await one.deleteThread({ threadId: 'nobody' })).toBe(false)
    expect(await useLogIo().cluster.locate(topicOf('nobody'))).toBeUndefined()
  })

  it('ends a live run first, and its readers in all processes with THREAD_DELETED', async () => {
    const { one, other, run } = await useStack()
    const running = run(one, long)
    const live = collect(running)
    await firstValueFrom(running)
    const readers = [one, other].map((runner) =>
      endOf(collect(runner.connect({ threadId: 't', follow: true }))),
    )
    await sleep(300)
    expect(await other.deleteThread({ threadId: 't' })).toBe(true)
    expect(typesOf(await live).at(-1)).toBe('RUN_FINISHED')
    await verify(await live)
    expect(await Promise.all(readers)).toEqual(['THREAD_DELETED', 'THREAD_DELETED'])
    expect(await collect(other.connect({ threadId: 't' }))).toEqual([])
  })

  it('removes nothing while a run is not seen to end', async () => {
    const { kafka, run, one } = await useStack()
    const running = run(one, deaf)
    void collect(running)
    await firstValueFrom(running)
    const impatient = kafka.runner({ stopTimeoutMs: 300 })
    await expect(impatient.deleteThread({ threadId: 't' })).rejects.toMatchObject({
      code: 'THREAD_BUSY',
      retriable: true,
    })
    expect((await one.status('t'))?.runs.length).toBe(1)
  })

  it('twice at once deletes it once, and neither fails', async () => {
    const { one, other, run } = await useStack()
    for (let round = 0; round < 3; round += 1) {
      await collect(run(one))
      const deletions = await Promise.all(
        [one, other, one].map((runner) => runner.deleteThread({ threadId: 't' })),
      )
      expect(deletions).toContain(true)
      expect(await other.status('t')).toBeUndefined()
    }
  })
})

describe('a thread id that is used again after its deletion', { timeout: 90_000 }, () => {
  it('is a new thread, also to a worker and to runners that had the old one cached', async () => {
    const { one, other, run } = await useStack()
    for (let round = 0; round < 4; round += 1) {
      const first = await collect(run(one))
      const second = await collect(run(other))
      for (const runner of [one, other]) expect((await runner.status('t'))?.runs.length).toBe(2)
      const replay = await collect(other.connect({ threadId: 't' }))
      expect(textOf(replay)).toBe(textOf(first) + textOf(second))
      expect(await (round % 2 === 0 ? one : other).deleteThread({ threadId: 't' })).toBe(true)
    }
    const third = await collect(run(one))
    expect((await other.status('t'))?.seq).toBe(third.length)
    expect(textOf(await collect(other.connect({ threadId: 't' })))).toBe(textOf(third))
  })

  it('begins with its messages told anew', async () => {
    const { one, other } = await useStack()
    const input = inputFor('t', { messages: [{ id: 'm', role: 'user', content: 'Hello' }] })
    await collect(one.run({ threadId: 't', agent: short, input }))
    await other.deleteThread({ threadId: 't' })
    const again = { ...input, runId: `${input.runId}-again` }
    const [started] = await collect(one.run({ threadId: 't', agent: short, input: again }))
    expect(started).toMatchObject({ type: 'RUN_STARTED', input: { messages: input.messages } })
  })

  it('gives a run that comes at the same moment an end, and no reader a mixture', async () => {
    const { one, other, run } = await useStack()
    await collect(run(one))
    for (let round = 0; round < 12; round += 1) {
      const pauseMs = round * 4
      const [events, deleted] = await Promise.all([
        sleep(round % 3 === 0 ? pauseMs : 0).then(() => collect(run(one))),
        sleep(round % 3 === 0 ? 0 : pauseMs).then(() => other.deleteThread({ threadId: 't' })),
      ])
      await verify(events)
      expect(typesOf(events).at(-1)).toBe('RUN_FINISHED')
      const runs = (await other.status('t'))?.runs.length ?? 0
      // Either the run came first and went with the thread, or it began the new one.
      expect([0, 1]).toContain(runs - (deleted ? 0 : 1))
      const replay = await collect(one.connect({ threadId: 't' }))
      expect(textOf(replay)).toBe(talkOf(3).repeat(runs))
      if (runs === 0) await collect(run(one))
    }
  })
})

describe('a deletion that broke off', { timeout: 60_000 }, () => {
  const broken = async () => {
    const stack = await useStack()
    const hands = useHands(stack.kafka)
    await collect(stack.run(stack.one))
    let after: string | null = null
    const end = await hands.logs.read('t', 0, (records) => {
      for (const { record } of records) if (record.kind === 'claim') after = record.claimId
    })
    const marker = { kind: 'deleted', deletionId: 'd', after, time: 0 } as const
    await hands.logs.append('t', [marker])
    return { ...stack, hands, logId: end?.logId }
  }

  it('after its marker: readers are told, and deleteThread finishes it', async () => {
    const { one, other, topicOf, entryOf } = await broken()
    expect(await endOf(collect(other.connect({ threadId: 't' })))).toBe('THREAD_DELETED')
    expect(await one.status('t')).toBeUndefined()
    expect(await other.deleteThread({ threadId: 't' })).toBe(true)
    expect(await useLogIo().cluster.locate(topicOf('t'))).toBeUndefined()
    expect(await entryOf('t')).toBeNull()
  })

  it('after its marker: the next run finishes it, and has a new log', async () => {
    const { one, other, run, hands, logId } = await broken()
    const events = await collect(run(one))
    expect(textOf(events)).toBe(talkOf(3))
    expect((await other.status('t'))?.runs.length).toBe(1)
    expect((await hands.logs.read('t', 0, () => {}))?.logId).not.toBe(logId)
  })

  it('after its log was removed: deleteThread forgets the directory entry', async () => {
    const { one, hands, logId, entryOf } = await broken()
    await hands.logs.remove('t', logId as string)
    expect(await entryOf('t')).not.toBeNull()
    await one.deleteThread({ threadId: 't' })
    expect(await entryOf('t')).toBeNull()
  })
})

it('a log that vanishes under its readers ends them with THREAD_DELETED within seconds', {
  timeout: 60_000,
}, async () => {
  const { kafka, one, run } = await useStack()
  const hands = useHands(kafka)
  const running = run(one, long)
  const live = collect(running)
  await firstValueFrom(running)
  const follower = endOf(collect(one.connect({ threadId: 't', follow: true })))
  await sleep(300)
  const { logId } = (await hands.logs.read('t', 0, () => {}))!
  await hands.logs.remove('t', logId)
  expect(await follower).toBe('THREAD_DELETED')
  expect((await live).at(-1)).toMatchObject({ type: 'RUN_ERROR', code: 'THREAD_DELETED' })
})
