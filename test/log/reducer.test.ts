import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isTerminal } from '../../src/log/record.ts'
import { applyRecord, EMPTY_THREAD, memoryOf, openRun } from '../../src/log/reducer.ts'
import { compactRun } from '../../src/run/compact.ts'
import { actions, type Broken, clean, type Entry, historyOf, play, stateOf } from './model.ts'

const WORKERS = 3
const runsOf = (log: Entry[]) => {
  const { past, latest } = stateOf(log)
  return latest === undefined ? past : [...past, latest]
}

/** Equal for a raw run and its compacted one. */
const compacted = (events: readonly { type: string }[]) =>
  compactRun(
    events,
    events.map((_, at) => at + 1),
  ).events

/** The events that a reader who follows live is shown, by run. */
const shownLive = (log: Entry[]) => {
  let state = EMPTY_THREAD
  const shown = new Map<string, { type: string }[]>()
  for (const { record } of log) {
    const [next, verdict] = applyRecord(state, record)
    state = next
    if (verdict.did === 'show') {
      const events = shown.get(verdict.run.commandId) ?? []
      shown.set(verdict.run.commandId, [...events, verdict.record.event])
    }
  }
  return shown
}

const eachLog = (property: (log: Entry[], cut: number, tombstoneCut: number) => void) =>
  fc.assert(
    fc.property(actions(WORKERS), fc.nat(300), fc.nat(300), (script, cut, tombstoneCut) =>
      property(play(script, WORKERS), cut, tombstoneCut),
    ),
    { numRuns: 3_000 },
  )

describe('the reducer, over any interleaving of three workers that read late, guess wrongly, repeat and stop halfway', () => {
  it('never has two runs open, and gives a command at most one run', () => {
    eachLog((log) => {
      const runs = runsOf(log)
      for (const run of runs.slice(0, -1)) expect(run.terminal).toBeDefined()
      expect(new Set(runs.map(({ commandId }) => commandId)).size).toBe(runs.length)
    })
  })

  it('gives a command one answer: a rejection or a run, whichever comes first in the log', () => {
    eachLog((log) => {
      const { rejected } = stateOf(log)
      expect(new Set(rejected).size).toBe(rejected.length)
      for (const { commandId } of runsOf(log)) expect(rejected).not.toContain(commandId)
    })
  })

  it('shows exactly one terminal event of a finished run, as its last', () => {
    eachLog((log) => {
      const shown = shownLive(log)
      for (const run of runsOf(log)) {
        const terminals = (shown.get(run.commandId) ?? []).map(isTerminal)
        expect(terminals.filter(Boolean).length).toBe(run.terminal === undefined ? 0 : 1)
        if (run.terminal !== undefined) expect(terminals.at(-1)).toBe(true)
      }
    })
  })

  it('shows only what the holder of the latest valid claim wrote', () => {
    eachLog((log) => {
      let state = EMPTY_THREAD
      for (const { record } of log) {
        const holder = openRun(state)?.claims.at(-1)?.claimId
        const [next, verdict] = applyRecord(state, record)
        if (verdict.did === 'show') expect(verdict.record.claimId).toBe(holder)
        state = next
      }
    })
  })

  it('lets only the holder of the latest valid claim change what an agent remembers, one version after the other', () => {
    let changes = 0
    eachLog((log) => {
      let state = EMPTY_THREAD
      for (const { record } of log) {
        const holder = openRun(state)?.claims.at(-1)?.claimId
        const [next, verdict] = applyRecord(state, record)
        const [before, after] = [memoryOf(state, 'a'), memoryOf(next, 'a')]
        if (verdict.did === 'remember') {
          changes += 1
          expect(after).toMatchObject({ claimId: holder, value: { by: holder } })
          expect(after!.version).toBeGreaterThan(before?.version ?? 0)
        } else if (verdict.did !== 'delete') expect(after).toEqual(before)
        state = next
      }
    })
    expect(changes).toBeGreaterThan(1_000)
  })

  it('numbers the visible events 1, 2, 3, … over all runs', () => {
    eachLog((log) => {
      let seq = 0
      let state = EMPTY_THREAD
      for (const { record } of log) {
        const [next, verdict] = applyRecord(state, record)
        if (verdict.did === 'show') seq += 1
        if (verdict.did === 'show') expect(verdict.record.seq).toBe(seq)
        state = next
      }
    })
  })

  it('lets nothing count any more once the thread is deleted, and deletes none that has a run', () => {
    let deletions = 0
    eachLog((log) => {
      let state = EMPTY_THREAD
      for (const { record } of log) {
        const [next, verdict] = applyRecord(state, record)
        if (verdict.did === 'delete') expect(openRun(state)).toBeUndefined()
        if (verdict.did === 'delete') deletions += 1
        if (state.deleted) expect([next, verdict]).toEqual([state, { did: 'nothing', why: 'deleted' }])
        state = next
      }
      expect(state.deleted === true).toBe(historyOf(log).state.deleted === true)
      if (state.deleted) expect(historyOf(log).runs()).toEqual([])
    })
    expect(deletions).toBeGreaterThan(100)
  })

  it('means the same whether records come one by one or all at once', () => {
    eachLog((log) => {
      expect(historyOf(log).state).toEqual(stateOf(log))
    })
  })

  it('means the same however far Kafka’s cleaner has come', () => {
    eachLog((log, cut, tombstoneCut) => {
      const cleaned = clean(log, cut, tombstoneCut)
      expect(stateOf(cleaned)).toEqual(stateOf(log))
      expect(historyOf(cleaned).runs()).toEqual(historyOf(log).runs())
    })
  })

  it('replays what a live reader was shown, compacted', () => {
    eachLog((log, cut, tombstoneCut) => {
      const shown = shownLive(log)
      for (const { run, events } of historyOf(clean(log, cut, tombstoneCut)).runs()) {
        expect(compacted(events)).toEqual(compacted(shown.get(run.commandId) ?? []))
      }
    })
  })
})

describe('the properties notice a broken rule', () => {
  const holds = (broken: Broken) =>
    fc.check(
      fc.property(actions(WORKERS), fc.nat(300), fc.nat(300), (script, cut, tombstoneCut) => {
        const log = play(script, WORKERS, broken)
        expect(stateOf(clean(log, cut, tombstoneCut))).toEqual(stateOf(log))
      }),
      { numRuns: 20_000 },
    )

  it('when terminal events are tombstoned', () => {
    expect(holds('tombstones terminal events').failed).toBe(true)
  })

  it('when the newest of what an agent remembers is tombstoned', () => {
    expect(holds('tombstones memories').failed).toBe(true)
  })

  it('when a repeated append has the key of the first', () => {
    expect(holds('repeats keys').failed).toBe(true)
  })
})
