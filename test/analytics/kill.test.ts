import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { isEnd } from '../../src/fan-in/run-fact.ts'
import { sleep } from '../../src/sleep.ts'
import { oracle } from './oracle.ts'
import { generatedFacts, query, tablesIn, useRuns } from './support.ts'

const KILLS = 6

it('neither loses nor doubles a row when it is killed again and again, and told things twice', async () => {
  const { publish, ingestOnce, folder, brokers, prefix } = await useRuns()
  const facts = generatedFacts(120, 9)
  const share = Math.ceil(facts.length / KILLS)
  const counts: number[] = []
  for (let kill = 0; kill < KILLS; kill += 1) {
    const files = filesIn(folder)
    const ingest = spawn(
      process.execPath,
      ['test/analytics/ingest-process.ts', brokers.join(','), prefix, folder],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    await once(ingest.stdout, 'data')
    const part = facts.slice(kill * share, (kill + 1) * share)
    await publish([...part, ...part.filter(isEnd).filter((_, at) => at % 3 === 0)])
    // The first ones before their files, the others while they write one or behind it.
    if (kill > 1) await anotherFile(folder, files)
    // One at least behind a commit.
    while (kill === 3 && (await runsIn(folder)) === 0) await sleep(10)
    await sleep(kill * 15)
    ingest.kill('SIGKILL')
    await once(ingest, 'exit')
    counts.push(await runsIn(folder))
  }
  const before = counts.at(-1)
  expect(before).toBeGreaterThan(0)
  expect(before).toBeLessThan(facts.filter(isEnd).length)
  await ingestOnce()
  expect(await tablesIn(folder)).toEqual(oracle(facts))
}, 60_000)

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('.parquet'))

const anotherFile = async (folder: string, known: readonly string[]): Promise<void> => {
  while (filesIn(folder).every((name) => known.includes(name))) await sleep(1)
}

const runsIn = async (folder: string): Promise<number> => {
  if (!existsSync(join(folder, 'ledger.sqlite'))) return 0
  const [row] = await query(folder, 'SELECT count(*) AS runs FROM runs')
  return Number(row?.runs)
}
