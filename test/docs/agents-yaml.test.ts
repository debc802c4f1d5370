// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders are what is tested
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { parseAgentsFile } from '../../src/agents/config/file.ts'
import { AGENT_TYPES } from '../../src/agents/config/types.ts'

const PAGES = [
  'README.md',
  'docs/agents.md',
  ...readdirSync('docs/agents').map((name) => join('docs/agents', name)),
]

const EXAMPLES = PAGES.flatMap((page) =>
  [...readFileSync(page, 'utf8').matchAll(/^```ya?ml\n(.*?)^```/gms)]
    .map(([, text], at) => [page, at + 1, text!] as const)
    .filter(([, , text]) => /^(agents|providers):/m.test(text)),
)

/** All variables that a text cannot do without, with nothing in particular. */
const envOf = (text: string): NodeJS.ProcessEnv =>
  Object.fromEntries(
    [...text.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => [
      name!,
      /URL|BASE/.test(name!) ? 'http://localhost' : '1',
    ]),
  )

describe('the documentation of agents', () => {
  it.each(EXAMPLES)('has in %s an example %i that is an agents.yaml', async (_page, _at, text) => {
    const content = parse(text)
    const whole = content.agents === undefined ? `${text}\nagents: { demo: { type: demo } }` : text
    // Providers that an example leaves out are those of another one.
    const named = [...text.matchAll(/^ +provider: ([\w-]+)$|^ +fallback_providers: \[(.*)\]/gm)]
    const ids = named.flatMap(([, one, more]) => one ?? more?.split(',').map((id) => id.trim()) ?? [])
    const missing = [...new Set(ids)].filter((id) => content.providers?.[id] === undefined)
    const added =
      missing.length === 0 || content.providers !== undefined
        ? whole
        : `${whole}\nproviders: { ${missing.map((id) => `${id}: { model: m }`).join(', ')} }`
    await parseAgentsFile('agents.yaml', added, envOf(text))
  })

  it('has an example of every type, and a row', () => {
    const table = readFileSync('docs/agents.md', 'utf8')
    for (const type of Object.keys(AGENT_TYPES)) expect(table).toContain(`| \`${type}\` |`)
  })

  it('links pages that are there', () => {
    for (const [, path] of readFileSync('docs/agents.md', 'utf8').matchAll(/\]\((agents\/[\w-]+\.md)\)/g))
      expect(PAGES).toContain(join('docs', path!))
  })
})
