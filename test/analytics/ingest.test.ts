import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { clientConfig } from '../../src/config.ts'
import { isEnd, type RunFact } from '../../src/fan-in/run-fact.ts'
import { createRegistryFormat } from '../../src/schema/registry-format.ts'
import { sleep } from '../../src/sleep.ts'
import { registerSchemas } from '../support/registered.ts'
import { useSharedRegistry } from '../support/shared-registry.ts'
import { oracle } from './oracle.ts'
import { generatedFacts, query, tablesIn, useRuns } from './support.ts'

const registry = useSharedRegistry()

const parquetIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('.parquet'))

/** The same end in parts of one event after the other. */
const inParts = (end: RunFact, parts: number): RunFact[] =>
  Array.from({ length: parts }, (_, part) => ({
    ...end,
    part,
    parts,
    events: end.events.slice(
      Math.floor((end.events.length * part) / parts),
      Math.floor((end.events.length * (part + 1)) / parts),
    ),
  }))

describe('the tables', () => {
  it('hold the rows that follow from the facts, each once, whatever is told again', async () => {
    const { publish, publishText, ingestOnce, folder } = await useRuns()
    const facts = generatedFacts(60)
    const ends = facts.filter(isEnd)
    const [early, late] = [ends.slice(0, 20), ends.slice(20, 50)]
    await publish(facts)
    await publish(early)
    await publishText('no fact')
    const first = await ingestOnce({ flushRows: 500 })
    expect(first).toMatchObject({ runs: ends.length, repeated: early.length, skipped: 1 })

    // Another time in another process, so to say: what was told is known from the ledger.
    await publish([...late, ...early])
    expect(await ingestOnce()).toMatchObject({ runs: 0, repeated: early.length + late.length })
    const tables = await tablesIn(folder)
    expect(tables).toEqual(oracle(facts))
    expect(tables.events.length).toBeGreaterThan(2_000)
    const statuses = new Set(tables.runs.map(({ status }) => status))
    expect([...statuses].toSorted()).toEqual(['failed', 'finished', 'rejected', 'stopped'])
  })

  it('have a run that came in parts once all of them are there, over a restart too', async () => {
    const { publish, ingestOnce, folder } = await useRuns()
    const facts = generatedFacts(8, 2)
    const [long, other] = facts.filter(({ events }) => events.length > 8)
    const rest = facts.filter((fact) => fact !== long && fact !== other)
    const [a, b, c] = inParts(long!, 3)
    await publish([...rest, a!, c!, a!, ...inParts(other!, 2)])
    const first = await ingestOnce()
    expect(first.repeated).toBe(1)
    expect(await tablesIn(folder)).toEqual(oracle([...rest, other!]))

    await publish([b!, c!])
    expect(await ingestOnce()).toMatchObject({ runs: 1, repeated: 1 })
    expect(await tablesIn(folder)).toEqual(oracle(facts))
  })

  it('are the same from Avro and JSON on one topic; without a registry nothing is skipped', async () => {
    const { publish, ingestOnce, ingestWith, folder, prefix, config } = await useRuns()
    await registerSchemas(registry.url, prefix)
    const schemaRegistry = { url: registry.url }
    const format = createRegistryFormat(schemaRegistry, prefix)
    await format.start()
    const facts = generatedFacts(10, 10)
    const half = facts.length >> 1
    await publish(facts.slice(0, half))
    await publish(facts.slice(half), format)
    const unable = ingestWith()
    await unable.start()
    await expect(unable.ended).rejects.toMatchObject({ code: 'CONFIG_INVALID' })

    await ingestOnce({ config: { ...config, schemaRegistry } })
    expect(await tablesIn(folder)).toEqual(oracle(facts))
  })

  it('put an end that another version split in another way together from one telling', async () => {
    const { publish, ingestOnce, folder } = await useRuns()
    const facts = generatedFacts(3, 3)
    const long = facts.find(({ events }) => events.length > 8)!
    const rest = facts.filter((fact) => fact !== long)
    await publish([...rest, inParts(long, 3)[0]!, ...inParts(long, 2)])
    await ingestOnce()
    expect(await tablesIn(folder)).toEqual(oracle(facts))
  })
})

describe('the folder', () => {
  it('loses what a crash left there that does not count', async () => {
    const { publish, ingestOnce, folder } = await useRuns()
    const facts = generatedFacts(5)
    await publish(facts)
    await ingestOnce()
    const known = parquetIn(folder)
    const [first] = known
    writeFileSync(join(folder, first!.replace('batch-', 'batch-9')), 'half a file')
    writeFileSync(join(folder, `${first}.draft`), 'half a file')
    await ingestOnce()
    expect(parquetIn(folder).toSorted()).toEqual(known.toSorted())
    expect(await tablesIn(folder)).toEqual(oracle(facts))
  })

  it('is one writer’s and one topic’s', async () => {
    const [one, other] = [await useRuns(), await useRuns()]
    const ingest = one.ingestWith()
    await ingest.start()
    await expect(one.ingestWith().start()).rejects.toMatchObject({ code: 'DATA_DIR_IN_USE' })
    await ingest.stop()
    await expect(other.ingestWith({ folder: one.folder }).start()).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(one.prefix),
    })
  })

  it('is readable before anything came', async () => {
    const { ingestOnce, folder } = await useRuns()
    expect(await ingestOnce()).toMatchObject({ runs: 0 })
    expect(await query(folder, 'SELECT count(*) AS runs FROM runs')).toEqual([{ runs: 0 }])
  })

  it('is written to after the flush interval, and at a stop', async () => {
    const { publish, ingestWith, folder } = await useRuns()
    const facts = generatedFacts(6, 5)
    const half = facts.length >> 1
    const ingest = ingestWith({ flushIntervalMs: 100 })
    await ingest.start()
    await publish(facts.slice(0, half))
    while (!existsSync(join(folder, 'runs'))) await sleep(20)
    await ingest.stop()

    const again = ingestWith()
    await again.start()
    await publish(facts.slice(half))
    const all = facts.slice(half).filter(isEnd).length
    while (again.added().runs < all) await sleep(20)
    await again.stop()
    await again.stop()
    expect(await tablesIn(folder)).toEqual(oracle(facts))
  })

  it('is as it was when it could not be written, and the same records come again', async () => {
    const { publish, ingestWith, ingestOnce, folder } = await useRuns()
    const facts = generatedFacts(6, 6)
    await publish(facts)
    const ingest = ingestWith({ flushRows: 50 })
    await ingest.start()
    writeFileSync(join(folder, 'messages'), 'in the way')
    await expect(ingest.ended).rejects.toMatchObject({ code: 'ANALYTICS_WRITE_FAILED' })
    await ingest.stop()
    rmSync(join(folder, 'messages'))
    await ingestOnce()
    expect(await tablesIn(folder)).toEqual(oracle(facts))
  })

  it('may be let go while it is being taken', async () => {
    const { ingestWith, ingestOnce } = await useRuns()
    const ingest = ingestWith()
    const started = ingest.start()
    await ingest.stop()
    await started
    await ingest.ended
    await ingestOnce()
  })

  it('needs a topic that is there', async () => {
    const { brokers, ingestWith } = await useRuns()
    const config = clientConfig({ kafka: { brokers }, prefix: 'nobody-has-this' })
    await expect(ingestWith({ config }).start()).rejects.toMatchObject({ code: 'READ_FAILED' })
  })
})
