import { expect, it } from 'vitest'
import { createCommits } from '../../src/fan-in/commits.ts'
import { OwnedPartition } from '../../src/fan-in/owned-partition.ts'
import { until } from '../support/facts.ts'
import { quiet } from '../support/quiet.ts'

it('commits again what could not be committed, though no other record comes', async () => {
  const leaving = new AbortController()
  const partition = new OwnedPartition(leaving.signal, () => ({}) as never)
  partition.progress.begin(0)
  partition.progress.done(0)
  const tried: number[] = []
  const commit = async (_partition: number, offset: number) => {
    tried.push(offset)
    if (tried.length < 3) throw new Error('the coordinator is away')
  }
  const partitions = new Map([[0, partition]])
  const commits = createCommits({ partitions, consumer: { commit }, signal: leaving.signal, logger: quiet })
  commits.soon()
  await until(() => partition.progress.committable === undefined)
  leaving.abort()
  expect(tried).toEqual([1, 1, 1])
})
