import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { RunFact } from '../../src/fan-in/run-fact.ts'
import type { TopicBatch } from '../../src/kafka/topic-reader.ts'
import { jsonFormat } from '../../src/schema/record-format.ts'
import { openDatabase } from '../../src/view/database.ts'
import { Materialiser } from '../../src/view/materialiser.ts'
import { cursorAt, pageRequest } from '../../src/view/thread-query.ts'
import { quiet } from '../support/quiet.ts'
import { EVENTS_OF_RUN, entryOf, factsOf, threadFacts } from './facts.ts'

const topics = { runs: 'p.runs', threads: 'p.threads' }
const identity = { prefix: 'p', clusterId: 'c', topicIds: ['1', '2'] }

/** A view without Kafka: records go in as batches, offsets count up by topic. */
const openView = async (path = ':memory:') => {
  const database = await openDatabase({ path }, identity)
  let time = 1_000_000
  const view = new Materialiser({
    database,
    topics,
    format: jsonFormat,
    logger: quiet,
    system: { now: () => time },
  })
  return {
    view,
    database,
    pass: (ms: number) => {
      time += ms
    },
    close: () => database.close(),
    runs: (values: readonly (object | null)[], from = view.offsetsOf(topics.runs).get(0) ?? 0) =>
      view.applyRuns(
        batchOf(
          values.map((value) => ['', value]),
          from,
        ),
      ),
    entries: (values: readonly (readonly [string, object | null])[]) =>
      view.applyThreads(batchOf(values, view.offsetsOf(topics.threads).get(0) ?? 0)),
  }
}

type View = Awaited<ReturnType<typeof openView>>

const useView = async (path?: string): Promise<View> => {
  const opened = await openView(path)
  onTestFinished(() => {
    if (opened.database.isOpen) opened.close()
  })
  return opened
}

const useFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'kar-view-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const batchOf = (values: readonly (readonly [string, object | null])[], from: number): TopicBatch => ({
  partition: 0,
  records: values.map(([key, value], index) => ({
    partition: 0,
    offset: from + index,
    key,
    value: value === null ? null : Buffer.from(JSON.stringify(value)),
    headers: {},
    time: 0,
  })),
  nextOffset: from + values.length,
  highWatermark: from + values.length,
})

/** All that a reader can see. */
const seen = ({ view, database }: View, ids = ['a', 'b', 'c']) => ({
  partsLeft: database.prepare('SELECT count(*) AS count FROM parts').get()?.count,
  page: view.threads.page(pageRequest({ limit: 1_000 })),
  content: ids.map((id) => [id, view.contents.of(id) ?? null]),
  events: ids.map((id) => view.runs.ofThread(id).map(({ events }) => events)),
})

const contentOf = ({ view }: View, threadId = 'a') => {
  const content = view.contents.of(threadId)
  return (
    content && { messages: content.messages.map(({ id }) => id), state: content.state, whole: content.whole }
  )
}

const answers = (threadId: string, runs: number, mark = '') =>
  Array.from({ length: runs }, (_, index) => {
    const id = `${threadId}-${index}${mark}`
    return [`user-${id}`, `thought-${id}`, `call-${id}`, `result-${id}`, `answer-${id}`]
  }).flat()

describe('the materialiser', () => {
  it('gives the same for duplicates, late tellings, any batches, any order of the topics, and after failures', async () => {
    const facts = [...threadFacts('a', 4, { parts: 3 }), ...threadFacts('b', 3), ...threadFacts('c', 1)]
    const entries = [
      ['a', entryOf('a', 4)],
      ['b', entryOf('b', 3)],
      ['c', entryOf('c', 1)],
    ] as const
    const plain = await useView()
    await plain.entries(entries)
    await plain.runs(facts)
    const expected = seen(plain)
    expect(contentOf(plain)).toEqual({ messages: answers('a', 4), state: { runs: 4 }, whole: true })
    expect(expected.page.map(({ threadId, whole }) => [threadId, whole])).toEqual([
      ['a', true],
      ['b', true],
      ['c', true],
    ])

    const retold = fc.array(fc.tuple(fc.nat(facts.length - 1), fc.nat(facts.length)), { maxLength: 12 })
    const cuts = fc.array(fc.nat(facts.length * 2), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(retold, cuts, fc.boolean(), fc.nat(3), async (again, at, directoryFirst, broken) => {
        const view = await openView()
        if (directoryFirst) await view.entries(entries)
        const told = retelling(facts, again)
        let from = 0
        for (const [round, to] of boundsOf(told.length, at).entries()) {
          const batch = told.slice(from, to)
          if (round === broken) await failAt(view, () => view.runs(batch))
          expect(view.view.offsetsOf(topics.runs).get(0) ?? 0).toBe(from)
          await view.runs(batch)
          from = to
        }
        if (!directoryFirst) await view.entries(entries)
        expect(seen(view)).toEqual(expected)
        view.close()
      }),
      { numRuns: 40 },
    )
  })

  it('takes an end that is told late at its place, and says meanwhile that something is missing', async () => {
    const view = await useView()
    await view.entries([['a', entryOf('a', 3)]])
    const [one, two, three] = [0, 1, 2].map((index) =>
      factsOf({ threadId: 'a', index, firstSeq: 1 + index * EVENTS_OF_RUN }),
    )
    await view.runs([...one!, ...two!.slice(0, 2), ...three!])
    expect(contentOf(view)?.whole).toBe(false)
    expect(view.view.threads.page(pageRequest({}))[0]).toMatchObject({ whole: false })
    await view.runs(two!)
    expect(contentOf(view)).toEqual({ messages: answers('a', 3), state: { runs: 3 }, whole: true })
  })

  it('never shows runs of a deleted thread in one that has its id, in whichever order the topics are read', async () => {
    const old = threadFacts('a', 2)
    const later = Date.parse('2026-11-02T00:00:00Z')
    const anew = factsOf({ threadId: 'a', index: 0, firstSeq: 1, startedAt: later, mark: '-anew' })
    const entry = entryOf('a', 1, { createdAt: later, updatedAt: later + 1_000, runId: 'run-a-0-anew' })
    const retold = old.slice(-1)
    const orders: ((view: View) => Promise<void>)[] = [
      async (view) => {
        await view.entries([['a', entryOf('a', 2)]])
        await view.runs(old)
        await view.entries([['a', null]])
        expect(seen(view).page).toEqual([])
        expect(contentOf(view)).toBe(undefined)
        await view.runs(retold)
        await view.entries([['a', entry]])
        await view.runs([...anew, ...retold])
      },
      async (view) => {
        await view.entries([['a', entryOf('a', 2)]])
        await view.runs([...old, ...anew, ...retold])
        await view.entries([['a', null]])
        await view.entries([['a', entry]])
      },
      async (view) => {
        await view.runs([...old, ...anew])
        await view.entries([
          ['a', entryOf('a', 2)],
          ['a', null],
          ['a', entry],
        ])
        await view.runs(retold)
      },
      async (view) => {
        // The tombstone is compacted away by now.
        await view.entries([['a', entry]])
        await view.runs([...old, ...anew, ...retold])
      },
    ]
    for (const order of orders) {
      const view = await useView()
      await order(view)
      expect(contentOf(view)).toEqual({ messages: answers('a', 1, '-anew'), state: { runs: 1 }, whole: true })
      expect(view.view.runs.ofThread('a').map(({ runId }) => runId)).toEqual(['run-a-0-anew'])
      const left = view.database.prepare('SELECT count(*) AS runs FROM runs').get()
      expect(left).toEqual({ runs: 1 })
    }
  })

  it('takes what the topics still hold of a thread whose first runs they dropped, and nothing older', async () => {
    const began = Date.parse('2026-11-02T00:00:00Z')
    const second = factsOf({
      threadId: 'a',
      index: 1,
      firstSeq: 1 + EVENTS_OF_RUN,
      startedAt: began + 60_000,
    })
    const entry = entryOf('a', 2, { createdAt: began, runId: 'run-a-1' })
    // Of the thread that had this id before.
    const old = threadFacts('a', 1, { mark: '-old' })
    for (const directoryFirst of [true, false]) {
      const view = await useView()
      if (directoryFirst) await view.entries([['a', entry]])
      await view.runs([...old, ...second])
      if (!directoryFirst) await view.entries([['a', entry]])
      expect(contentOf(view)).toMatchObject({ messages: answers('a', 2).slice(5), whole: false })
      // It changes what the first run set.
      expect(view.view.contents.of('a')?.stated).toBe(false)
      expect(seen(view).page).toMatchObject([{ whole: false, runs: 2 }])
      expect(view.view.runs.ofThread('a').length).toBe(1)
    }
  })

  it('removes what a deleted thread left in the file, but no run whose entry is only late', async () => {
    const folder = useFolder()
    const view = await useView(join(folder, 'view.sqlite'))
    const isOnDisk = () =>
      readdirSync(folder).some((name) => readFileSync(join(folder, name)).includes('"user-a-0"'))
    await view.entries([['a', entryOf('a', 1)]])
    await view.runs(threadFacts('a', 1, { parts: 2 }))
    await view.runs(threadFacts('b', 1))
    expect(isOnDisk()).toBe(true)
    await view.entries([['a', null]])
    view.pass(60_000)
    await view.view.tidy()
    await view.entries([['b', entryOf('b', 1)]])
    expect(contentOf(view, 'b')?.messages.length).toBe(5)
    view.pass(61_000)
    await view.view.tidy()
    const rows = view.database.prepare('SELECT thread_id FROM runs').all()
    expect(rows.map(({ thread_id: id }) => id)).toEqual(['b'])
    expect(isOnDisk()).toBe(false)
    await view.runs(threadFacts('a', 1).slice(-1))
    await view.entries([['a', entryOf('a', 1)]])
    expect(contentOf(view, 'a')).toBe(undefined)
  })

  it('corrects an entry that says running of a run that has ended', async () => {
    const view = await useView()
    const running = entryOf('a', 1, { status: 'running', seq: 0 })
    await view.entries([['a', running]])
    expect(seen(view).page).toMatchObject([{ status: 'running', whole: true }])
    await view.runs(threadFacts('a', 1))
    expect(seen(view).page).toMatchObject([{ status: 'finished' }])
    await view.entries([['a', running]])
    expect(seen(view).page).toMatchObject([{ status: 'finished' }])
  })

  it('skips what it cannot read, and goes on', async () => {
    const view = await useView()
    await view.entries([
      ['a', entryOf('a', 1)],
      ['x', { version: 9 }],
    ])
    await view.runs([{ nothing: true }, null, ...threadFacts('a', 1)])
    expect(view.view.skipped).toBe(3)
    expect(contentOf(view)?.messages).toEqual(answers('a', 1))
  })

  it('pages by change, with filters, and gives no thread twice while threads change', async () => {
    const view = await useView()
    const at = (n: number) => 1_000 + Math.floor(n / 3) * 10
    const entries = Array.from({ length: 50 }, (_, n) => {
      const id = `t${String(n).padStart(2, '0')}`
      return [
        id,
        entryOf(id, 1, { threadId: id, updatedAt: at(n), agentId: n % 5 === 0 ? 'rare' : 'often' }),
      ] as const
    })
    await view.entries(entries)
    const all = view.view.threads.page(pageRequest({ limit: 1_000 })).map(({ threadId }) => threadId)
    expect(all.length).toBe(50)
    const found: string[] = []
    for (let cursor: string | undefined; ; ) {
      const page = view.view.threads.page(pageRequest({ limit: 7, cursor }))
      found.push(...page.slice(0, 7).map(({ threadId }) => threadId))
      if (page.length <= 7) break
      cursor = cursorAt(page[6]!)
      // One that was given changes; it moves to the front.
      await view.entries([
        [found[0]!, entryOf(found[0]!, 2, { threadId: found[0]!, updatedAt: 9_000 + found.length })],
      ])
    }
    expect(found).toEqual(all)
    const rare = view.view.threads.page(pageRequest({ agentId: 'rare', from: 1_050, to: new Date(1_100) }))
    expect(
      rare.every(({ agentId, updatedAt }) => agentId === 'rare' && updatedAt >= 1_050 && updatedAt < 1_100),
    ).toBe(true)
    expect(rare.map(({ threadId }) => threadId)).toEqual(['t25', 't20', 't15'])
  })

  it.each([
    ['limit', { limit: 0 }],
    ['limit', { limit: 1_001 }],
    ['cursor', { cursor: 'nonsense' }],
    ['from', { from: 'yesterday' }],
    ['agent', { agent: 'x' } as object],
  ])('names a wrong %s', (field, query) => {
    expect(() => pageRequest(query)).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID', message: expect.stringContaining(field) }),
    )
  })

  it('is as it was after a restart from its file', async () => {
    const path = join(useFolder(), 'view.sqlite')
    const first = await useView(path)
    await first.entries([['a', entryOf('a', 2)]])
    // Two parts of three are there when it ends.
    const facts = threadFacts('a', 2, { parts: 3 })
    await first.runs(facts.slice(0, -1))
    first.close()
    const again = await useView(path)
    expect(again.view.offsetsOf(topics.runs)).toEqual(new Map([[0, facts.length - 1]]))
    expect(contentOf(again)?.messages).toEqual(answers('a', 1))
    await again.runs(facts.slice(-1))
    expect(contentOf(again)).toEqual({ messages: answers('a', 2), state: { runs: 2 }, whole: true })
  })
})

/** The facts, of which some are told again at some place behind their first telling. */
const retelling = (facts: readonly RunFact[], again: readonly [which: number, distance: number][]) => {
  const told = [...facts]
  for (const [which, distance] of again) {
    const fact = facts[which]!
    told.splice(Math.min(told.length, told.indexOf(fact) + 1 + distance), 0, structuredClone(fact))
  }
  return told
}

/** Where batches end. */
const boundsOf = (count: number, cuts: readonly number[]): number[] =>
  [...new Set([...cuts.filter((cut) => cut > 0 && cut < count), count])].toSorted((a, b) => a - b)

/** A batch whose transaction fails at its end, as when a disk is full. */
const failAt = async ({ database }: View, apply: () => Promise<void>) => {
  database.exec(
    "CREATE TEMP TRIGGER full BEFORE INSERT ON offsets BEGIN SELECT RAISE(ABORT, 'disk full'); END",
  )
  await expect(apply()).rejects.toThrow('disk full')
  database.exec('DROP TRIGGER full')
}
