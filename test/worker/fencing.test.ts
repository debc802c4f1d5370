import { expect, it } from 'vitest'
import type { ClaimRecord, LogRecord } from '../../src/log/record.ts'
import { sleep } from '../../src/sleep.ts'
import { ScriptedAgent } from '../support/agents.ts'
import { collect, inputFor, typesOf } from '../support/events.ts'
import { useKafka } from '../support/kafka.ts'
import { quiet } from '../support/quiet.ts'
import { useHands } from './by-hand.ts'

it('hides what a replaced worker writes, and tells it', async () => {
  const kafka = useKafka()
  const hands = useHands(kafka)
  const aborted = Promise.withResolvers<void>()
  const endless = new ScriptedAgent(async function* ({ threadId, runId }, signal) {
    signal.addEventListener('abort', () => aborted.resolve())
    yield { type: 'RUN_STARTED', threadId, runId }
    while (!signal.aborted) {
      yield { type: 'CUSTOM', name: 'tick', value: 'of the first worker' }
      await sleep(20, signal)
    }
  }, 'endless')
  await kafka.worker({ agents: { endless }, logger: quiet })
  const input = inputFor('t')
  const live = collect(kafka.runner().run({ threadId: 't', agent: endless, input }))

  const records: LogRecord[] = []
  const claim = await (async () => {
    for (;;) {
      records.length = 0
      await hands.logs.read('t', 0, (more) => records.push(...more.map(({ record }) => record)))
      if (records.some(({ kind }) => kind === 'event'))
        return records.find(({ kind }) => kind === 'claim') as ClaimRecord
      await sleep(10)
    }
  })()
  const takeover: ClaimRecord = {
    ...claim,
    claimId: 'second',
    after: claim.claimId,
    claim: 'takeover',
    workerId: 'other',
  }
  await hands.logs.append('t', [takeover])
  await aborted.promise

  // What the first one wrote in the meantime took its seq, and counts for nothing.
  let seq = 0
  const reader = await hands.logs.read('t', 0, (more) => {
    const place = more.findIndex(({ record }) => record.kind === 'claim' && record.claimId === 'second')
    const before = place === -1 ? more : more.slice(0, place)
    for (const { record } of before) if (record.kind === 'event') seq = Math.max(seq, record.seq)
  })
  expect(reader?.nextOffset).toBeGreaterThan(0)
  await hands.logs.append('t', [
    hands.eventOf('second', seq + 1, { type: 'CUSTOM', name: 'tick', value: 'of the second worker' }),
    { ...hands.eventOf('second', seq + 2, { type: 'RUN_ERROR', message: 'lost' }), cause: 'worker-lost' },
  ])
  const events = await live
  expect(typesOf(events).at(-1)).toBe('RUN_ERROR')
  expect(events.at(-2)).toMatchObject({ value: 'of the second worker' })
  expect(events.length).toBe(seq + 2)
  expect(await collect(kafka.runner().connect({ threadId: 't' }))).toEqual(events)
})
