import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ERRORS } from '../../src/errors.ts'

const read = (path: string): string => readFileSync(path, 'utf8')

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name))

describe('docs/protocol.md', () => {
  const promises = read('docs/protocol.md').split('## Promises')[1]?.split('\n## ')[0] ?? ''
  const items = promises.split(/\n(?=\d+\. )/).slice(1)

  it('numbers its promises, and each names a test', () => {
    expect(items.length).toBeGreaterThan(0)
    expect(items.map((item) => Number.parseInt(item, 10))).toEqual(items.map((_, at) => at + 1))
    for (const item of items) expect(item).toMatch(/- `test\/.+\.test\.ts`: ".+"/)
  })

  it.each(
    [...promises.matchAll(/`(test\/\S+\.test\.ts)`: "([^"]+)"/g)].map(([, file, title]) => [file, title]),
  )('names %s: "%s", which exists', (file, title) => {
    expect(read(file as string)).toContain(`'${title}'`)
  })

  it('has no code that nothing throws', () => {
    const sources = [...filesIn('src'), ...filesIn('consumers')]
      .filter((file) => !file.endsWith('src/errors.ts') && file !== 'src/errors.ts')
      .map(read)
      .join('\n')
    for (const code of Object.keys(ERRORS)) expect(sources, code).toContain(`'${code}'`)
  })
})

describe('the structure', () => {
  it('imports Kafka clients in src/kafka alone', () => {
    const importers = [...filesIn('src'), ...filesIn('consumers')].filter((file) =>
      /from ['"](kafkajs|@platformatic\/kafka|@confluentinc\/[^'"]+)/.test(read(file)),
    )
    expect(importers.length).toBeGreaterThan(0)
    for (const file of importers) expect(file).toMatch(/^src\/kafka\//)
  })

  it('keeps worker and runner apart: they meet at the thread log', () => {
    for (const file of filesIn('src/worker')) expect(read(file), file).not.toMatch(/from '\.\.\/runner\//)
    const intoWorker = filesIn('src/runner').filter((file) => /from '\.\.\/worker\//.test(read(file)))
    expect(intoWorker).toEqual(['src/runner/contract.ts', 'src/runner/kafka-agent-runner.ts'])
  })

  it('reads the environment in src/config.ts alone', () => {
    const readers = filesIn('src').filter((file) => /process\.env\.[A-Z_]+(?! \?\?=)\b/.test(read(file)))
    expect(readers.filter((file) => !file.startsWith('src/cli/'))).toEqual([])
  })
})
