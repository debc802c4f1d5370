import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Ledger } from '../../src/analytics/ledger.ts'
import { rowsOf } from '../../src/analytics/query-rows.ts'
import { Sink, TOLD_AGAIN_MS_MAX } from '../../src/analytics/sink.ts'
import { openTables } from '../../src/analytics/tables-reader.ts'
import { isEnd, type RunFact } from '../../src/fan-in/run-fact.ts'
import { oracle } from './oracle.ts'
import { generatedFacts, tablesIn, temporaryFolder } from './support.ts'

const TOPIC = 'agents.runs'

const takeEach = async (sink: Sink, facts: readonly RunFact[], from = 0): Promise<void> => {
  for (const [at, fact] of facts.entries()) {
    sink.take(0, [{ fact, recorded: fact.time }], from + at + 1)
    await sink.flush()
  }
}

describe('a sink', () => {
  it('puts many small files of a day together, and leaves them for who reads them', async () => {
    const folder = temporaryFolder()
    const sink = await Sink.open(folder, TOPIC)
    const dayOf = ({ startedAt = 0 }: RunFact) => new Date(startedAt).toISOString().slice(0, 10)
    const all = generatedFacts(100, 4).filter(isEnd)
    const ends = all.filter((fact) => dayOf(fact) === '2026-11-03').slice(0, 40)
    expect(ends).toHaveLength(40)
    await takeEach(sink, ends.slice(0, 31))
    const reader = await openTables(folder)
    await takeEach(sink, ends.slice(31), 31)
    sink.close()

    expect(await tablesIn(folder)).toEqual(oracle(ends))
    expect(existsSync(join(folder, 'runs/day=2026-11-03/batch-00000032-merged.parquet'))).toBe(true)
    // The eight after the merge, and the one that holds the others.
    const ledger = new Ledger(folder, TOPIC)
    expect(ledger.files().filter(({ table }) => table === 'runs')).toHaveLength(9)
    ledger.close()
    for await (const [row] of rowsOf(await reader.query('SELECT count(*) FROM runs')).chunks())
      expect(row).toEqual([31])
    reader.close()
  })

  it('undoes what was not flushed, all of it', async () => {
    const folder = temporaryFolder()
    const [accepted, started, end] = generatedFacts(1, 7)
    const sink = await Sink.open(folder, TOPIC)
    await takeEach(sink, [accepted!])
    sink.take(0, [{ fact: started, recorded: 1 }], 2)
    sink.take(0, [{ fact: end, recorded: 1 }], 3)
    sink.close()
    const again = await Sink.open(folder, TOPIC)
    expect([...again.offsets()]).toEqual([[0, 1]])
    await takeEach(again, [started!, end!], 1)
    again.close()
    expect(await tablesIn(folder)).toEqual(oracle([accepted!, started!, end!]))
  })

  it('remembers an end for as long as it may be told again, and no longer', async () => {
    const folder = temporaryFolder()
    const [end, other, third] = generatedFacts(5, 8).filter(isEnd)
    const sink = await Sink.open(folder, TOPIC)
    const take = async (fact: RunFact, recorded: number, next: number) => {
      sink.take(0, [{ fact, recorded }], next)
      await sink.flush()
    }
    const from = Date.UTC(2026, 10, 1)
    await take(end!, from, 1)
    await take(other!, from + TOLD_AGAIN_MS_MAX - 1, 2)
    await take(end!, from + TOLD_AGAIN_MS_MAX - 1, 3)
    expect(sink.added).toMatchObject({ runs: 2, repeated: 1 })
    await take(third!, from + TOLD_AGAIN_MS_MAX + 3_600_000, 4)
    await take(end!, from + TOLD_AGAIN_MS_MAX + 3_600_000, 5)
    expect(sink.added).toMatchObject({ runs: 4, repeated: 1 })
    sink.close()
  })
})
