import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { suiteTable } from './suite-table.ts'

it('docs/agents.md shows what the shared suite tests of each type of agent', () => {
  expect(readFileSync('docs/agents.md', 'utf8')).toContain(suiteTable())
})
