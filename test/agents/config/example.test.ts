// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders are what is tested
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { exampleAgentsFile } from '../../../src/agents/config/example.ts'
import { parseAgentsFile } from '../../../src/agents/config/file.ts'
import { AGENT_TYPES } from '../../../src/agents/config/types.ts'
import { problemsIn } from './support.ts'

const EXAMPLE = exampleAgentsFile('./schema.json')
const ALL_ON = EXAMPLE.replaceAll('enabled: false', 'enabled: true')
const VARIABLES = [...EXAMPLE.matchAll(/^[^#\n]*\$\{([A-Z_]+)\}/gm)].map(([, name]) => name!)

describe('what kar init writes', () => {
  it('begins with the schema, and can be used as it is', async () => {
    expect(EXAMPLE.split('\n')[0]).toBe('# yaml-language-server: $schema=./schema.json')
    const { agents } = await parseAgentsFile('agents.yaml', EXAMPLE, {})
    expect(agents.filter(({ enabled }) => enabled)).toMatchObject([{ id: 'demo', default: true }])
  })

  it('has every type, and its agents are valid once they are on', async () => {
    const env = Object.fromEntries(VARIABLES.map((name) => [name, 'set']))
    const { agents } = await parseAgentsFile('agents.yaml', ALL_ON, env)
    expect(agents.map(({ type }) => type).toSorted()).toEqual(Object.keys(AGENT_TYPES).toSorted())
  })

  it('names what has to be set for that', async () => {
    const told = (await problemsIn(ALL_ON)).join('\n')
    expect(VARIABLES.length).toBeGreaterThan(4)
    for (const name of VARIABLES) expect(told).toContain(`the environment variable ${name} is not set`)
  })
})

describe('schemas/agents-yaml.json', () => {
  const validate = new Ajv2020({ strict: false, formats: { uri: true } }).compile(
    JSON.parse(readFileSync('schemas/agents-yaml.json', 'utf8')),
  )
  const entry = (fields: object) => ({ agents: { a: fields } })

  it('allows what kar init writes', () => {
    expect([validate(parse(EXAMPLE)), validate.errors]).toEqual([true, null])
  })

  const CASES: [boolean, object][] = [
    [true, entry({ type: 'demo', delay_ms: 5, pool: 'gpu' })],
    [true, entry({ type: 'demo', enabled: '${ON:-true}', delay_ms: '${MS}' })],
    [true, entry({ type: 'dify', api_key: '${KEY}', api_type: '${TYPE}', timeout: '${SECONDS}' })],
    [true, entry({ type: 'ag-ui', url: 'http://${HOST}/' })],
    [false, entry({ type: 'demo', delay_ms: 'soon' })],
    [false, entry({ type: 'demo', api_key: 'k' })],
    [false, entry({ type: 'dify' })],
    [false, entry({ type: 'dify', api_key: 'k', api_type: 'chatt' })],
    [false, entry({ type: 'nobody' })],
    [false, entry({ delay_ms: 5 })],
    [false, { agents: { 'a b': { type: 'demo' } } }],
    [false, { agents: { a: { type: 'demo' } }, more: 1 }],
    [false, { providers: { p: { modell: 'm' } }, agents: { a: { type: 'demo' } } }],
  ]
  it.each(CASES)('says %s, as the command line does, of %j', async (valid, content) => {
    const env = { ON: 'true', MS: '1', KEY: 'k', TYPE: 'chat', SECONDS: '1', HOST: 'h' }
    // Providers that nobody uses are looked at all the same, for the names of their fields.
    expect((await problemsIn(stringify(content), env)).length === 0).toBe(valid)
    expect(validate(content)).toBe(valid)
  })
})
