// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders are what is tested
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type AgentsChange, openAgentsFile } from '../../../src/agents/config/registry.ts'
import { definitionOf } from '../../../src/worker/agents.ts'
import { useAgentsFile, useLog } from './support.ts'

const demo = (id: string, more = '') => `  ${id}: { type: demo${more} }\n`
const FILE = `agents:\n${demo('a')}${demo('b')}`

const useRegistry = async (text: string, env: NodeJS.ProcessEnv = {}) => {
  const { folder, path, write } = await useAgentsFile(text)
  const { lines, logger } = useLog()
  const live = await openAgentsFile({ path, env, logger })
  onTestFinished(() => live.stop())
  const changes: AgentsChange[] = []
  live.watch({ onChange: (change) => changes.push(change) })
  return {
    folder,
    live,
    lines,
    write,
    changes,
    ids: () => Object.keys(live.current()),
    agent: (id: string) => definitionOf(live.current()[id]!),
    /** The next change that is told. */
    change: async (content: string) => {
      const before = changes.length
      await write(content)
      await vi.waitFor(() => expect(changes.length).toBeGreaterThan(before), { timeout: 5_000, interval: 10 })
      return changes.at(-1)
    },
  }
}

describe('the agents of a file', () => {
  it('are there as soon as the file has them, and those that are the same are the very same', async () => {
    const { change, ids, agent } = await useRegistry(FILE)
    expect(ids()).toEqual(['a', 'b'])
    const [a, b] = [agent('a').agent, agent('b').agent]
    expect(await change(`agents:\n${demo('c')}${demo('a')}${demo('b', ', delay_ms: 1')}`)).toEqual({
      added: ['c'],
      removed: [],
      changed: ['b'],
    })
    expect(ids()).toEqual(['c', 'a', 'b'])
    expect(agent('a').agent).toBe(a)
    expect(agent('b').agent).not.toBe(b)
    expect(await change(`agents:\n${demo('a')}${demo('b', ', enabled: false')}`)).toMatchObject({
      removed: ['b', 'c'].toSorted().toReversed(),
    })
  })

  it('stay as they were where the file is broken, and follow again when it is mended', async () => {
    const { change, ids, lines, write } = await useRegistry(FILE)
    await write('agents: { a: { type: demo, wings: 2 } }')
    await vi.waitFor(() => expect(lines.join()).toContain('agents.a.wings: unknown field'))
    expect(ids()).toEqual(['a', 'b'])
    await write('agents: { a: { type: module, module: ./none.mjs } }')
    await vi.waitFor(() => expect(lines.join()).toContain('there is no file'))
    expect(ids()).toEqual(['a', 'b'])
    await change(`agents:\n${demo('c')}`)
    expect(ids()).toEqual(['c'])
    expect(lines).toHaveLength(2)
  })

  it('are tried again when a broken file is written again as it is', async () => {
    const { folder, change, ids, lines, write } = await useRegistry(FILE)
    const text = 'agents: { own: { type: module, module: ./own.mjs } }'
    await write(text)
    await vi.waitFor(() => expect(lines.join()).toContain('there is no file'))
    await writeFile(join(folder, 'own.mjs'), 'export default () => { throw new Error("later") }')
    await change(text)
    expect(ids()).toEqual(['own'])
  })

  it('take the variables of the moment', async () => {
    const env: NodeJS.ProcessEnv = { URL: 'http://one/' }
    const file = (more: string) => `agents: { a: { type: ag-ui, url: "\${URL}"${more} } }`
    const { change, agent } = await useRegistry(file(''), env)
    const urlOf = () => (agent('a').agent as unknown as { settings: { url: string } }).settings.url
    expect(urlOf()).toBe('http://one/')
    env.URL = 'http://two/'
    await change(file(', timeout: 5'))
    expect(urlOf()).toBe('http://two/')
  })

  it('have the default one a second time, in its pool', async () => {
    const { change, ids, agent } = await useRegistry(`agents:\n${demo('a', ', default: true')}${demo('b')}`)
    expect(ids()).toEqual(['a', 'b', 'default'])
    expect(agent('default')).toBe(agent('a'))
    expect(await change(`agents:\n${demo('a')}${demo('b', ', default: true')}`)).toMatchObject({
      changed: ['a', 'b'],
    })
    expect(agent('default')).toBe(agent('b'))
    await change(FILE)
    expect(ids()).toEqual(['a', 'b'])
  })

  it('are others where the provider is, that they use', async () => {
    const file = (model: string) => `
providers: { p: { model: ${model} }, q: { model: m } }
agents: { a: { type: built-in, provider: p }, b: { type: built-in, provider: q } }`
    const { change } = await useRegistry(file('one'))
    expect(await change(file('two'))).toEqual({ added: [], removed: [], changed: ['a'] })
  })

  it('stay in the pools of the start, and say so', async () => {
    const { change, ids, agent, lines } = await useRegistry(
      `agents:\n${demo('a', ', pool: gpu')}${demo('b', ', default: true')}`,
    )
    const late = () => lines.splice(0).map((line) => /"agent":"(\w+)"/.exec(line)?.[1])
    await change(`agents:\n${demo('a')}${demo('b', ', default: true')}${demo('c', ', pool: gpu')}`)
    // Who sends its commands thinks that it is still there, and knows nothing of a new one's pool.
    expect([ids(), agent('a').pool, late()]).toEqual([['a', 'b', 'default'], 'gpu', ['a', 'c']])
    await change(`agents:\n${demo('a', ', pool: gpu, default: true')}${demo('b')}`)
    expect([ids(), agent('a').pool, late()]).toEqual([['a', 'b'], 'gpu', ['default']])
  })

  it('are refused where one cannot be made, with all that cannot', async () => {
    const { path } = await useAgentsFile(
      'agents:\n  a: { type: module, module: ./none.mjs }\n  b: { type: module, module: no-such-package }\n',
    )
    const opened = openAgentsFile({ path, env: {}, logger: useLog().logger })
    await expect(opened).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/agents\.a: .*there is no file[\s\S]*agents\.b: .*no-such-package/),
    })
  })
})

describe('an agent of the type module', () => {
  const AGENT = '{ run() {}, runAgent() {}, clone() { return this }, description: "" }'
  const make = async (source: string, more = '') => {
    const { folder, path } = await useAgentsFile(
      `agents: { own: { type: module, module: ./own.mjs, description: Mine${more} } }`,
    )
    await writeFile(join(folder, 'own.mjs'), source)
    const live = await openAgentsFile({ path, env: { GREETING: 'Hi' }, logger: useLog().logger })
    return definitionOf(live.current().own!).agent
  }

  it('is made by what the module exports, with the settings', async () => {
    const source = `export const make = (settings, config) => ({ ...${AGENT}, settings, config })`
    const agent = await make(source, ', export: make, settings: { greeting: "${GREETING}", list: [1] }')
    expect(await (agent as () => unknown)()).toMatchObject({
      settings: { greeting: 'Hi', list: [1] },
      config: { agentId: 'own' },
      description: 'Mine',
    })
  })

  it('may be an instance, or what defineAgent gives', async () => {
    expect(await make(`export default ${AGENT}`)).toMatchObject({ description: 'Mine' })
    const maker = await make(`export default () => async () => (${AGENT})`)
    expect(await (maker as () => unknown)()).toMatchObject({ description: 'Mine' })
  })

  it.each([
    ['export const a = 1', 'it exports no "default"; it has a'],
    ['export default 1', 'its export "default" is number'],
    ['export default class A {}', 'its export "default" is a class'],
    ['throw new Error("no key")', 'loading it failed: no key'],
  ])('that is %s is told', async (source, problem) => {
    await expect(make(source)).rejects.toThrow(`agents.own: The module ./own.mjs cannot be used: ${problem}`)
  })

  it('that makes none fails its run', async () => {
    const agent = await make('export default () => 5')
    await expect((agent as () => Promise<unknown>)()).rejects.toThrow('made number, not an AbstractAgent')
  })
})
