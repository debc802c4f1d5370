import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { loadAgents } from '../../src/serve/agents-module.ts'
import { temporaryFolder } from './kar.ts'

const folder = temporaryFolder()
afterAll(() => rm(folder, { recursive: true, force: true }))

let files = 0
const moduleOf = async (source: string, extension = 'mjs') => {
  files += 1
  const path = join(folder, `module-${files}.${extension}`)
  await mkdir(folder, { recursive: true })
  await writeFile(path, source)
  return path
}
const AGENT = '{ run() {}, runAgent() {}, clone() {} }'

describe('an agents module', () => {
  it('is the demo when none is named', async () => {
    expect(Object.keys(await loadAgents())).toEqual(['demo'])
  })

  it.each([
    ['a default export of agents', `export default { a: ${AGENT} }`, 'mjs'],
    ['a default export of functions', 'export default { a: () => null }', 'mjs'],
    ['a named export', `export const agents = { a: ${AGENT} }`, 'mjs'],
    ['CommonJS', `exports.agents = { a: ${AGENT} }`, 'cjs'],
    ['TypeScript', `export default { a: ${AGENT} } satisfies Record<string, object>`, 'ts'],
  ])('may be %s', async (_name, source, extension) => {
    expect(Object.keys(await loadAgents(await moduleOf(source, extension)))).toEqual(['a'])
  })

  it.each([
    ['no export', 'export {}', 'exports neither "agents" nor a default'],
    ['an array', 'export default []', 'an array'],
    ['nothing in it', 'export default {}', 'empty'],
    ['a class', 'export default { a: class A {} }', 'agent "a" is a class'],
    ['something else', 'export default { a: "support" }', 'agent "a" is string'],
    ['half an agent', 'export default { a: { run() {} } }', 'agent "a" is an object'],
    ['an error of its own', 'throw new Error("no key")', 'no key'],
    ['a mistake in it', 'export default {', 'loading it failed'],
  ])('with %s is named, with what is wrong', async (_name, source, problem) => {
    const path = await moduleOf(source)
    await expect(loadAgents(path)).rejects.toMatchObject({
      code: 'AGENTS_MODULE_INVALID',
      message: expect.stringContaining(problem),
    })
  })

  it('that is not there is named', async () => {
    await expect(loadAgents('./nowhere.ts')).rejects.toMatchObject({ code: 'AGENTS_MODULE_INVALID' })
    await expect(loadAgents('no-such-package')).rejects.toMatchObject({
      message: expect.stringContaining('nor a package "no-such-package"'),
    })
  })
})
