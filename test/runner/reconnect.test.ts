import type { BaseEvent } from '@ag-ui/client'
import { firstValueFrom, map, shareReplay, skip, take, toArray } from 'rxjs'
import { describe, expect, it } from 'vitest'
import type { KafkaAgentRunner } from '../../src/runner/kafka-agent-runner.ts'
import { CLIENTS, replay } from '../run/clients.ts'
import { ScriptedAgent, talker, talkOf } from '../support/agents.ts'
import { collect, inputFor, textOf, typesOf, verify } from '../support/events.ts'
import { useKafka } from '../support/kafka.ts'
import { useHands } from '../worker/by-hand.ts'

const TALKER = { talker: new ScriptedAgent(talker(40, 10), 'talker') }
const caller = () => new ScriptedAgent(talker(0), 'talker')

/** The first events of a thread with their cursors, and then leaves. */
const readSome = (runner: KafkaAgentRunner, count: number, after?: string) =>
  firstValueFrom(runner.read({ threadId: 't', after }).pipe(take(count), toArray()))

const eventsOf = (read: { event: BaseEvent }[]) => read.map(({ event }) => event)

describe('connect with a cursor', { timeout: 60_000 }, () => {
  it('goes on in the middle of a live run, once and again, with exactly what is missing', async () => {
    const kafka = useKafka()
    const goOn = Promise.withResolvers<void>()
    const patient = new ScriptedAgent(async function* (input, signal) {
      for await (const event of talker(40)(input, signal)) {
        yield event
        if ((event as BaseEvent).delta === '19 ') await goOn.promise
      }
    }, 'patient')
    await kafka.worker({ agents: { patient } })
    const [runner, reader] = [kafka.runner(), kafka.runner()]
    const live = collect(runner.run({ threadId: 't', agent: patient, input: inputFor('t') }))
    await firstValueFrom(runner.connect({ threadId: 't' }))

    const first = await readSome(reader, 7)
    expect(first.map(({ cursor }) => cursor)).toEqual(['1', '2', '3', '4', '5', '6', '7'])
    const second = await readSome(reader, 9, first.at(-1)?.cursor)
    const third = reader.connect({ threadId: 't', after: Number(second.at(-1)?.cursor) }).pipe(shareReplay())
    await firstValueFrom(third)
    goOn.resolve()
    expect([...eventsOf(first), ...eventsOf(second), ...(await collect(third))]).toEqual(await live)
    expect(await collect(reader.connect({ threadId: 't', after: (await live).length }))).toEqual([])
  })

  it('gives exactly what is missing after the raw events were compacted away meanwhile', async () => {
    const kafka = useKafka()
    await kafka.worker({ agents: TALKER })
    const runner = kafka.runner()
    const live = await collect(runner.run({ threadId: 't', agent: caller(), input: inputFor('t') }))
    const replayed = await collect(runner.connect({ threadId: 't' }))
    const read = () => collect(runner.connect({ threadId: 't', after: 12 }))
    // Raw until the run record stands.
    await expect.poll(async () => (await read()).length, { timeout: 20_000 }).toBe(3)
    const rest = await read()
    expect(textOf([...live.slice(0, 12), ...rest])).toBe(talkOf(40))
    expect(typesOf(rest)).toEqual(['TEXT_MESSAGE_CONTENT', 'TEXT_MESSAGE_END', 'RUN_FINISHED'])
    await verify([...live.slice(0, 12), ...rest])
    for (const [, client] of CLIENTS) {
      const { events: _whole, ...expected } = await replay(client, replayed)
      const { events: _pieces, ...actual } = await replay(client, [...live.slice(0, 12), ...rest])
      expect(actual).toEqual(expected)
    }
  })

  it('stays for later runs with follow, and leaves out the ones it has', async () => {
    const kafka = useKafka()
    await kafka.worker({ agents: TALKER })
    const runner = kafka.runner()
    const first = await collect(runner.run({ threadId: 't', agent: caller(), input: inputFor('t') }))
    const following = firstValueFrom(
      runner.read({ threadId: 't', after: first.length, follow: true }).pipe(
        map(({ cursor }) => cursor),
        take(3),
        toArray(),
      ),
    )
    await collect(runner.run({ threadId: 't', agent: caller(), input: inputFor('t') }))
    expect(await following).toEqual([1, 2, 3].map((count) => String(first.length + count)))
  })

  it('names where to go on, when events were compacted before they were read', async () => {
    const kafka = useKafka()
    const hands = useHands(kafka)
    const runner = kafka.runner()
    const input = inputFor('t')
    const { threadId, runId } = input
    const claim = hands.claimFor(hands.commandFor(input, 'talker'), {})
    const events = [
      { type: 'RUN_STARTED', threadId, runId },
      { type: 'TEXT_MESSAGE_START', messageId: 'm', role: 'assistant' },
      { type: 'TEXT_MESSAGE_END', messageId: 'm' },
      { type: 'RUN_FINISHED', threadId, runId },
    ] as BaseEvent[]
    const [first, , , last] = events.map((event, at) => hands.eventOf(claim.claimId, at + 1, event))
    await hands.logs.ensure('t')
    await hands.logs.append('t', [claim, first!])

    const reader = runner.read({ threadId: 't' }).pipe(shareReplay())
    const { cursor } = await firstValueFrom(reader)
    // Before it fails: the next one to subscribe would have a replay of its own.
    const next = firstValueFrom(reader.pipe(skip(1)))
    next.catch(() => {})
    // As Kafka's cleaner leaves the run for a reader that is far behind.
    await hands.logs.append('t', [last!])
    await expect(next).rejects.toMatchObject({
      code: 'READER_TOO_SLOW',
      message: expect.stringContaining(`the cursor ${cursor} `),
    })

    const attempt = { claimId: claim.claimId, attempt: 'a', part: 0, parts: 1, firstSeq: 1, lastSeq: 4 }
    await hands.logs.append('t', [{ kind: 'run', ...attempt, events, seqs: [1, 2, 3, 4] }])
    expect(await collect(runner.connect({ threadId: 't', after: cursor }))).toEqual(events.slice(1))
  })

  it('that the thread never gave errs, and one that is none throws at once', async () => {
    const kafka = useKafka()
    await kafka.worker({ agents: TALKER })
    const runner = kafka.runner()
    await collect(runner.run({ threadId: 't', agent: caller(), input: inputFor('t') }))
    const unknown = { code: 'CURSOR_UNKNOWN', message: expect.stringContaining('999') }
    await expect(collect(runner.connect({ threadId: 't', after: 999 }))).rejects.toMatchObject(unknown)
    await expect(collect(runner.connect({ threadId: 'nobody', after: '999' }))).rejects.toMatchObject(unknown)
    expect(await collect(runner.connect({ threadId: 'nobody', after: 0 }))).toEqual([])
    for (const after of ['x', 1.5, -1, Number.NaN]) {
      const invalid = expect.objectContaining({ code: 'INPUT_INVALID' })
      expect(() => runner.connect({ threadId: 't', after })).toThrow(invalid)
    }
  })
})
