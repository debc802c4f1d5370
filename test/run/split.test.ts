import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compactRun } from '../../src/run/compact.ts'
import type { AnyEvent } from '../../src/run/event.ts'
import { rawSeqs } from '../../src/run/seqs.ts'
import { type SplitEvent, splitRun } from '../../src/run/split.ts'
import { timesOf } from '../../src/run/times.ts'
import { arbitraryRun } from './arbitrary-run.ts'

describe('a compacted run split again', () => {
  it('is the raw run, with its seqs and times, but for dropped state and the timestamps of deltas', () => {
    fc.assert(
      fc.property(
        arbitraryRun({ threadId: 't', runId: 'r' }),
        fc.array(fc.nat({ max: 5_000 }), { minLength: 20, maxLength: 20 }),
        fc.constantFrom(16, 65_536),
        (raw, pauses, joinedSizeMax) => {
          let time = 1_700_000_000_000
          const events = raw.map((event, at) => {
            time += pauses[at % pauses.length]!
            return { seq: at + 1, time, event: event as unknown as AnyEvent }
          })
          const joined = compactRun(
            events.map(({ event }) => event),
            events.map(({ seq }) => seq),
            { joinedSizeMax },
          )
          const times = timesOf(joined.seqs, (seq) => events[seq - 1]!.time)
          const kept = new Set(joined.seqs.flatMap(rawSeqs))
          expect(splitRun(joined.events, joined.seqs, times).map(untimed)).toEqual(
            events.filter(({ seq }) => kept.has(seq)).map(untimed),
          )
        },
      ),
      { numRuns: 150 },
    )
  })

  it('has no times where its record has none, and the timestamp of the first delta on that alone', () => {
    const delta = { type: 'TEXT_MESSAGE_CONTENT', messageId: 'm', delta: 'abc', timestamp: 1 }
    expect(
      splitRun(
        [delta],
        [
          [
            [4, 1],
            [9, 2],
          ],
        ],
        undefined,
      ),
    ).toEqual([
      { seq: 4, time: undefined, event: { ...delta, delta: 'a' } },
      { seq: 9, time: undefined, event: { type: delta.type, messageId: 'm', delta: 'bc' } },
    ])
  })
})

const untimed = ({ event: { timestamp: _timestamp, ...event }, ...rest }: SplitEvent) => ({ ...rest, event })
