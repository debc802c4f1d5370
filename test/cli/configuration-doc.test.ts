import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { environmentVariables } from '../../src/config.ts'

const doc = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8')

it('docs/configuration.md has a row for every variable, and for no other', () => {
  const rows = [...doc.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, name]) => name)
  expect(rows.toSorted()).toEqual(environmentVariables().toSorted())
})
