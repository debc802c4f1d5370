import type { BaseEvent } from '@ag-ui/client'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cloudEventHeaders } from '../../src/fan-in/cloud-event.ts'
import { endedFacts } from '../../src/fan-in/facts.ts'
import { parseRunFact } from '../../src/fan-in/run-fact.ts'
import { decodeRecord, encodeRecord } from '../../src/log/codec.ts'
import { compactedOf, partsOf } from '../../src/log/compacted.ts'
import { type RunHistory, ThreadHistory } from '../../src/log/history.ts'
import { keyOf, type LogRecord, type NewRecord } from '../../src/log/record.ts'
import { rawSeqs } from '../../src/run/seqs.ts'
import { firstTime, lastTime } from '../../src/run/times.ts'
import { runRecordsOf } from '../../src/worker/compaction.ts'
import { arbitraryRun } from '../run/arbitrary-run.ts'

const CLAIM: NewRecord = {
  kind: 'claim',
  claimId: 'claim',
  after: null,
  claim: 'new',
  commandId: 'command',
  runId: 'run',
  agentId: 'a',
  workerId: 'w',
  instanceId: 'w',
  time: 1,
}

const historyOf = (records: readonly LogRecord[]): RunHistory => {
  const history = new ThreadHistory('latest')
  for (const record of records) history.apply(record, record.kind === 'foreign' ? undefined : keyOf(record))
  return history.historyOf(history.state.latest!)
}

/** A finished run's raw log, with the pauses between its events. */
const rawLog = (events: readonly BaseEvent[], pauses: readonly number[]): NewRecord[] => {
  let time = 1_000
  return [
    CLAIM,
    ...events.map((event, at): NewRecord => {
      time += pauses[at % pauses.length]!
      return { kind: 'event', claimId: 'claim', seq: at + 1, event, time }
    }),
  ]
}

/** What Kafka's cleaner leaves of it. */
const cleanedLog = (raw: readonly NewRecord[]): LogRecord[] => {
  const records = runRecordsOf(historyOf(raw), 'attempt')
  return [CLAIM, raw.at(-1)!, ...records].map((record) => decodeRecord(encodeRecord(record)))
}

const factsOf = (history: RunHistory, now: number) =>
  endedFacts('t', history.run, partsOf(compactedOf(history)), now)

const arbitraryLog = fc
  .tuple(arbitraryRun({ threadId: 't', runId: 'run' }), fc.array(fc.nat(500), { minLength: 1, maxLength: 5 }))
  .map(([events, pauses]) => rawLog(events as unknown as BaseEvent[], pauses))

describe('the end of a run', () => {
  it('is told word for word the same from raw events and from the run record', () => {
    fc.assert(
      fc.property(arbitraryLog, (raw) => {
        expect(factsOf(historyOf(cleanedLog(raw)), 2)).toEqual(factsOf(historyOf(raw), 1))
      }),
    )
  })

  it('tells when each event was appended, and which raw events it stands for', () => {
    fc.assert(
      fc.property(arbitraryLog, (raw) => {
        const times = new Map(
          raw.flatMap((record) => (record.kind === 'event' ? [[record.seq, record.time]] : [])),
        )
        for (const { seq, count, time, until } of factsOf(historyOf(raw), 0).flatMap(
          ({ events }) => events,
        )) {
          expect(time).toBe(times.get(seq))
          expect(until).toBeGreaterThanOrEqual(time!)
          expect(count).toBeGreaterThanOrEqual(1)
        }
        const { seqs, times: kept } = compactedOf(historyOf(raw))
        for (const [at, stands] of seqs.entries()) {
          expect(firstTime(kept![at]!)).toBe(times.get(rawSeqs(stands)[0]!))
          expect(lastTime(kept![at]!)).toBe(times.get(rawSeqs(stands).at(-1)!))
        }
      }),
    )
  })

  it('survives its way through JSON', () => {
    fc.assert(
      fc.property(arbitraryLog, (raw) => {
        for (const fact of factsOf(historyOf(raw), 1)) {
          const wire = JSON.parse(JSON.stringify(fact))
          expect(JSON.parse(JSON.stringify(parseRunFact(wire)))).toEqual(wire)
        }
      }),
    )
  })

  it('comes in parts that a record can hold, each with a CloudEvents id of its own', () => {
    const big = { type: 'CUSTOM', name: 'x', value: 'v'.repeat(500_000) }
    const events = [
      { type: 'RUN_STARTED' },
      big,
      big,
      big,
      { type: 'RUN_FINISHED' },
    ] as unknown as BaseEvent[]
    const facts = factsOf(historyOf(rawLog(events, [1])), 0)
    expect(facts.map(({ part, parts }) => [part, parts])).toEqual([
      [0, 3],
      [1, 3],
      [2, 3],
    ])
    expect(facts.flatMap((fact) => fact.events.map(({ event }) => event))).toEqual(events)
    const ids = facts.map((fact) => cloudEventHeaders('p', fact, 'application/json').ce_id)
    expect(ids).toEqual(['command/ended/0', 'command/ended/1', 'command/ended/2'])
  })
})

describe('a record can hold each part of', () => {
  const RECORD_BYTES_MAX = 1_040_000
  const start = { type: 'RUN_STARTED' }
  const worst: [string, object[]][] = [
    [
      '20,000 small events',
      [start, ...Array(20_000).fill({ type: 'CUSTOM', name: 'x' }), { type: 'RUN_FINISHED' }],
    ],
    [
      'an error that says much',
      [start, { type: 'RUN_ERROR', message: 'm'.repeat(900_000), code: 'c'.repeat(50_000) }],
    ],
    [
      'an event as large as may be',
      [start, { type: 'CUSTOM', name: 'x', value: 'v'.repeat(999_900) }, { type: 'RUN_FINISHED' }],
    ],
  ]
  it.each(worst)('%s', (_, events) => {
    const history = historyOf(rawLog(events as unknown as BaseEvent[], [1]))
    const facts = factsOf(history, 0)
    for (const fact of facts) expect(JSON.stringify(fact).length).toBeLessThan(RECORD_BYTES_MAX)
    for (const record of runRecordsOf(history, 'a'))
      expect(encodeRecord(record).value!.length).toBeLessThan(RECORD_BYTES_MAX)
    expect(facts.flatMap((fact) => fact.events)).toHaveLength(events.length)
  })
})

it('headers are those of the CloudEvents Kafka binding, in any thread id', () => {
  const [fact] = factsOf(historyOf(rawLog([{ type: 'RUN_FINISHED' }] as BaseEvent[], [1])), 0)
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  expect(cloudEventHeaders('p', { ...fact!, threadId: 'a/b ü' }, 'application/json', traceparent)).toEqual({
    'content-type': 'application/json',
    ce_specversion: '1.0',
    ce_type: 'kafka-agent-runner.run.finished',
    ce_source: '/kafka-agent-runner/p/threads/a%2Fb%20%C3%BC',
    ce_id: 'command/ended',
    ce_time: '1970-01-01T00:00:01.001Z',
    ce_subject: 'a%2Fb%20%C3%BC',
    ce_traceparent: traceparent,
  })
})
