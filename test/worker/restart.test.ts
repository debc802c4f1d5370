import type { BaseEvent } from '@ag-ui/client'
import { describe, expect, it } from 'vitest'
import { CLIENTS, replay, type Thread } from '../run/clients.ts'
import { ScriptedAgent, talker, talkOf } from '../support/agents.ts'
import { collect, inputFor, textOf, typesOf, verify } from '../support/events.ts'
import { useKafka } from '../support/kafka.ts'
import { quiet } from '../support/quiet.ts'
import { useHands } from './by-hand.ts'

const FAST = { presenceLimitMs: 300, presenceIntervalMs: 100, logger: quiet }
const agents = {
  talker: { agent: () => new ScriptedAgent(talker(3), 'talker'), onWorkerLost: 'restart' as const },
}

/** A thread with one finished run, and a second one whose worker is lost after some events. */
const useLostRun = async (lostEvents: (ids: { threadId: string; runId: string }) => object[]) => {
  const kafka = useKafka()
  const hands = useHands(kafka)
  const runner = kafka.runner()
  await runner.start()
  const [before, input] = [inputFor('t'), inputFor('t')]
  const [done, lost] = [hands.commandFor(before, 'talker'), hands.commandFor(input, 'talker')]
  const first = hands.claimFor(done, { workerId: 'lost' })
  const second = hands.claimFor(lost, { workerId: 'lost', after: first.claimId })
  const { threadId, runId } = before
  const finished = [
    { type: 'RUN_STARTED', threadId, runId, input: before },
    { type: 'STATE_SNAPSHOT', snapshot: { kept: 1, changed: 'no' } },
    { type: 'TEXT_MESSAGE_START', messageId: 'old', role: 'assistant' },
    { type: 'TEXT_MESSAGE_CONTENT', messageId: 'old', delta: 'Before' },
    { type: 'TEXT_MESSAGE_END', messageId: 'old' },
    { type: 'RUN_FINISHED', threadId, runId },
  ]
  const events = lostEvents({ threadId, runId: input.runId })
  await hands.logs.ensure('t')
  await hands.logs.append('t', [
    first,
    ...finished.map((event, index) => hands.eventOf(first.claimId, index + 1, event)),
    second,
    ...events.map((event, index) => hands.eventOf(second.claimId, finished.length + index + 1, event)),
  ])
  await hands.send(lost)
  return { kafka, runner, input, finished: finished.length }
}

/** What a client makes of the runs of a thread, one after the other. */
const clientsView = async (client: (typeof CLIENTS)[number][1], events: BaseEvent[]): Promise<Thread> => {
  let thread: Thread = { messages: [], state: {} }
  const starts = events.flatMap((event, at) => (typesOf([event])[0] === 'RUN_STARTED' ? [at] : []))
  for (const [index, start] of starts.entries())
    thread = await replay(client, events.slice(start, starts[index + 1]), thread)
  return thread
}

describe('a restartable agent whose worker is lost', () => {
  it('runs again, and who followed live ends with what a replay gives', async () => {
    const { kafka, runner, input, finished } = await useLostRun(({ threadId, runId }) => [
      { type: 'RUN_STARTED', threadId, runId, input: inputFor('t', { runId }) },
      { type: 'STATE_DELTA', delta: [{ op: 'replace', path: '/changed', value: 'half way' }] },
      { type: 'STEP_STARTED', stepName: 'think' },
      { type: 'TEXT_MESSAGE_START', messageId: `message-${runId}`, role: 'assistant' },
      { type: 'TEXT_MESSAGE_CONTENT', messageId: `message-${runId}`, delta: 'Half a sen' },
      { type: 'TOOL_CALL_START', toolCallId: 'call', toolCallName: 'look' },
    ])
    const live = collect(runner.connect({ threadId: 't' }))
    // Its replay is out, and it waits for more.
    await expect.poll(() => runner.status('t'), { timeout: 20_000 }).toMatchObject({ running: true })
    await kafka.worker({ agents, ...FAST })
    const seen = await live
    const replayed = await collect(kafka.runner().connect({ threadId: 't' }))
    await verify(seen)
    await verify(replayed)
    expect(typesOf(seen).filter((type) => type === 'RUN_STARTED')).toHaveLength(2)
    expect(typesOf(seen).slice(finished)).toEqual([
      ...['RUN_STARTED', 'STATE_DELTA', 'STEP_STARTED', 'TEXT_MESSAGE_START', 'TEXT_MESSAGE_CONTENT'],
      ...['TOOL_CALL_START', 'TEXT_MESSAGE_END', 'TOOL_CALL_END', 'TOOL_CALL_RESULT', 'STEP_FINISHED'],
      ...['MESSAGES_SNAPSHOT', 'STATE_SNAPSHOT', 'TEXT_MESSAGE_START'],
      ...Array(3).fill('TEXT_MESSAGE_CONTENT'),
      ...['TEXT_MESSAGE_END', 'RUN_FINISHED'],
    ])
    for (const [, client] of CLIENTS) {
      const thread = await clientsView(client, seen)
      const { messages, state } = await clientsView(client, replayed)
      expect({ messages, state }).toEqual({ messages: thread.messages, state: thread.state })
      expect(state).toEqual({ kept: 1, changed: 'no' })
      expect(messages.map(({ content }) => content)).toEqual(['Hello', 'Before', 'Hello', talkOf(3)])
    }
    const { runs = [] } = (await runner.status('t')) ?? {}
    expect(runs.map(({ runId, cause }) => [runId, cause])).toEqual([
      [expect.any(String), 'agent'],
      [input.runId, 'agent'],
    ])
  })

  it.each([
    ['nothing', () => []],
    [
      'nothing but RUN_STARTED',
      ({ threadId, runId }: { threadId: string; runId: string }) => [
        { type: 'RUN_STARTED', threadId, runId, input: inputFor('t', { runId }) },
      ],
    ],
  ])('simply runs where %s was visible', async (_what, lostEvents) => {
    const { kafka, runner, finished } = await useLostRun(lostEvents)
    await kafka.worker({ agents, ...FAST })
    await expect.poll(() => runner.status('t'), { timeout: 20_000 }).toMatchObject({ running: false })
    const events = await collect(runner.connect({ threadId: 't' }))
    expect(typesOf(events).slice(finished)).not.toContain('MESSAGES_SNAPSHOT')
    expect(textOf(events)).toBe(`Before${talkOf(3)}`)
    await verify(events)
  })
})
