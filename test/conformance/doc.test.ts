import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { TOPICS } from './catalogue.ts'
import { BEGIN, renderSuite } from './doc.ts'

const DOC = new URL('../../docs/copilotkit.md', import.meta.url)
const STALE =
  'docs/copilotkit.md is not what the suite says. Refresh it: UPDATE_DOCS=1 npx vitest run test/conformance/doc'

describe('docs/copilotkit.md', () => {
  it('has the suite’s table and differences', () => {
    const [head] = readFileSync(DOC, 'utf8').split(BEGIN)
    const wanted = head + renderSuite(TOPICS)
    if (process.env.UPDATE_DOCS === '1') writeFileSync(DOC, wanted)
    expect(readFileSync(DOC, 'utf8'), STALE).toBe(wanted)
  })

  it('has each behaviour once', () => {
    const titles = TOPICS.flatMap(({ cases }) => cases.map(({ title }) => title))
    expect(new Set(titles).size).toBe(titles.length)
  })
})
