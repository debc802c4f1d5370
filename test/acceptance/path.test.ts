import { type BaseEvent, EventType } from '@ag-ui/client'
import { firstValueFrom, skip } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { sleep } from '../../src/sleep.ts'
import { ScriptedAgent, talker, talkOf } from '../support/agents.ts'
import { collect, inputFor, textOf, typesOf, verify } from '../support/events.ts'
import { useKafka } from '../support/kafka.ts'

const TALKER = (count: number, pauseMs = 0) => ({
  talker: new ScriptedAgent(talker(count, pauseMs), 'talker'),
})
const talkerOf = (count: number) => new ScriptedAgent(talker(count), 'talker')

describe('a run through a real broker', () => {
  it('is executed by a remote worker and shown alike to its caller and to a later reader', async () => {
    const kafka = useKafka()
    await kafka.worker({ agents: TALKER(5) })
    const live = await collect(
      kafka.runner().run({ threadId: 't', agent: talkerOf(0), input: inputFor('t') }),
    )
    expect(textOf(live)).toBe(talkOf(5))
    expect(typesOf(live).at(0)).toBe('RUN_STARTED')
    expect(typesOf(live).at(-1)).toBe('RUN_FINISHED')

    const replayed = await collect(kafka.runner().connect({ threadId: 't' }))
    expect(textOf(replayed)).toBe(talkOf(5))
    await verify(replayed)
  })

  it('executes the very instance given to run() in an embedded worker', async () => {
    const runner = useKafka().runner({ worker: true })
    const agent = new ScriptedAgent(talker(3), 'not registered anywhere')
    agent.clone = () => {
      throw new Error('the instance itself is to run')
    }
    expect(textOf(await collect(runner.run({ threadId: 't', agent, input: inputFor('t') })))).toBe(talkOf(3))
  })

  it('gives a client that connects in the middle the replay and the live part, without doubles or gaps', async () => {
    const kafka = useKafka()
    await kafka.worker({ agents: TALKER(60, 10) })
    const [caller, reader] = [kafka.runner(), kafka.runner()]
    await collect(caller.run({ threadId: 't', agent: talkerOf(0), input: inputFor('t') }))

    const second = caller.run({ threadId: 't', agent: talkerOf(0), input: inputFor('t') })
    await firstValueFrom(second.pipe(skip(25)))
    const connected = await collect(reader.connect({ threadId: 't' }))
    expect(textOf(connected)).toBe(talkOf(60) + talkOf(60))
    expect(typesOf(connected).filter((type) => type === 'RUN_FINISHED').length).toBe(2)
    // The first run is compacted, the second was live.
    expect(typesOf(connected).filter((type) => type === 'TEXT_MESSAGE_CONTENT').length).toBe(1 + 60)
    await verify(connected)
  })

  it('tells with RUN_STARTED only the messages that are new to the thread', async () => {
    const runner = useKafka().runner({ worker: true })
    const first = { id: 'u1', role: 'user' as const, content: 'one' }
    const next = { id: 'u2', role: 'user' as const, content: 'two' }
    await collect(
      runner.run({ threadId: 't', agent: talkerOf(1), input: inputFor('t', { messages: [first] }) }),
    )
    const events = await collect(
      runner.run({ threadId: 't', agent: talkerOf(1), input: inputFor('t', { messages: [first, next] }) }),
    )
    const started = events[0] as BaseEvent & { input: { messages: unknown[] } }
    expect(started.input.messages).toEqual([next])
  })

  it('answers isRunning and stop alike in every process', async () => {
    const kafka = useKafka()
    await kafka.worker({ agents: TALKER(500, 20) })
    const [caller, other] = [kafka.runner(), kafka.runner()]
    const input = inputFor('t')
    const events = caller.run({ threadId: 't', agent: talkerOf(0), input })
    await firstValueFrom(events.pipe(skip(3)))

    expect(await other.isRunning({ threadId: 't' })).toBe(true)
    expect(await other.stop({ threadId: 't', runId: 'another run' })).toBe(false)
    expect(await other.stop({ threadId: 't', runId: input.runId })).toBe(true)
    const all = await collect(events)
    expect(typesOf(all).slice(-2)).toEqual(['TEXT_MESSAGE_END', 'RUN_FINISHED'])
    await verify(all)
    expect(await caller.isRunning({ threadId: 't' })).toBe(false)
    expect(await other.stop({ threadId: 't' })).toBe(false)
  })

  it('completes empty for a thread that nobody knows, and creates nothing', async () => {
    const runner = useKafka().runner()
    expect(await collect(runner.connect({ threadId: 'unknown' }))).toEqual([])
    expect(await runner.status('unknown')).toBeUndefined()
  })

  it('rejects a second run on the thread, in this process at once and from another by RUN_ERROR', async () => {
    const kafka = useKafka()
    await kafka.worker({ agents: TALKER(50, 20) })
    const [caller, other] = [kafka.runner(), kafka.runner()]
    const events = caller.run({ threadId: 't', agent: talkerOf(0), input: inputFor('t') })
    await firstValueFrom(events)
    expect(() => caller.run({ threadId: 't', agent: talkerOf(0), input: inputFor('t') })).toThrow(
      'Thread already running',
    )
    const rejected = await collect(other.run({ threadId: 't', agent: talkerOf(0), input: inputFor('t') }))
    expect(rejected).toEqual([{ type: 'RUN_ERROR', code: 'THREAD_BUSY', message: 'Thread already running' }])
    expect(textOf(await collect(events))).toBe(talkOf(50))
    const replayed = await collect(other.connect({ threadId: 't' }))
    expect(typesOf(replayed)).not.toContain('RUN_ERROR')
  })

  it('ends with RUN_ERROR what an agent throws, and keeps no trace of a run that threw before its first event', async () => {
    const runner = useKafka().runner({ worker: true })
    const middle = new ScriptedAgent(async function* ({ threadId, runId }) {
      yield { type: EventType.RUN_STARTED, threadId, runId }
      yield { type: EventType.TEXT_MESSAGE_START, messageId: 'm', role: 'assistant' }
      // An error overtakes the events that AG-UI's client has not handled yet.
      await sleep(20)
      throw new Error('the model is gone')
    })
    const failed = await collect(runner.run({ threadId: 't', agent: middle, input: inputFor('t') }))
    expect(typesOf(failed)).toEqual(['RUN_STARTED', 'TEXT_MESSAGE_START', 'TEXT_MESSAGE_END', 'RUN_ERROR'])
    expect(failed.at(-1)).toMatchObject({ message: 'the model is gone', code: 'INCOMPLETE_STREAM' })

    // biome-ignore lint/correctness/useYield: it throws before it can.
    const atOnce = new ScriptedAgent(async function* () {
      throw new Error('no key')
    })
    const phantom = await collect(runner.run({ threadId: 't', agent: atOnce, input: inputFor('t') }))
    expect(typesOf(phantom)).toEqual(['RUN_ERROR'])
    const replayed = await collect(runner.connect({ threadId: 't' }))
    expect(typesOf(replayed)).toEqual(typesOf(failed))
  })

  it('drops what an agent emits after its terminal event', async () => {
    const runner = useKafka().runner({ worker: true })
    const chatty = new ScriptedAgent(async function* ({ threadId, runId }) {
      yield { type: EventType.RUN_STARTED, threadId, runId }
      yield { type: EventType.RUN_FINISHED, threadId, runId }
      yield { type: EventType.RUN_ERROR, message: 'too late' }
    })
    const events = await collect(runner.run({ threadId: 't', agent: chatty, input: inputFor('t') }))
    expect(typesOf(events)).toEqual(['RUN_STARTED', 'RUN_FINISHED'])
    expect(typesOf(await collect(runner.connect({ threadId: 't' })))).toEqual(['RUN_STARTED', 'RUN_FINISHED'])
  })
})
