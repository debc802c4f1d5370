import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { withTables } from '../../bench/report/docs.ts'

const fileOf = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const docs = fileOf('docs/performance.md')

it('shows the figures that were measured last', () => {
  const current = withTables(docs, (scenario) => JSON.parse(fileOf(`bench/results/${scenario}.json`)))
  expect(docs).toBe(current)
})

it('leaves no result out', () => {
  const names = readdirSync(new URL('../../bench/results', import.meta.url)).filter((name) =>
    name.endsWith('.json'),
  )
  expect(names.length).toBeGreaterThan(0)
  for (const name of names) {
    expect(docs).toContain(`<!-- result: ${name.replace('.json', '')} -->`)
    expect(docs).toContain(`../bench/results/${name.replace('.json', '.svg')}`)
  }
})

it('says of each result what it was taken on, with the versions of all that took part', () => {
  for (const name of readdirSync(new URL('../../bench/results', import.meta.url)).filter((name) =>
    name.endsWith('.json'),
  )) {
    const result = JSON.parse(fileOf(`bench/results/${name}`))
    expect(result).toMatchObject({ quick: false, machine: { cores: expect.any(Number) } })
    for (const { peers } of result.rows)
      for (const peer of Object.keys(peers)) expect(result.versions[peer]).toBeDefined()
  }
})
