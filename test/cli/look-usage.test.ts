import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { cleanEnv, run } from './kar.ts'

const COMMANDS = [
  'replay',
  'threads',
  'threads ls',
  'threads show',
  'threads export',
  'tail',
  'dead-letter',
  'dead-letter ls',
  'dead-letter show',
  'dead-letter retry',
  'topics',
  'workers',
]
const doc = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8')

describe('the commands for people who look', () => {
  it.each(COMMANDS)('kar %s has help with examples, and is documented', async (command) => {
    const { code, stdout } = await run([...command.split(' '), '--help'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/Examples:\n {2}\$ .*kar /)
    expect(doc).toContain(`\`kar ${command}`)
  })

  it.concurrent.each([
    ['no subcommand', ['threads'], 'Examples'],
    ['a speed that is none', ['replay', 'hello', '--speed', 'fast'], 'factor'],
    ['a seq that is none', ['replay', 'hello', '--from', '0'], 'number of an event'],
    ['a status that is none', ['threads', 'ls', '--status', 'idle'], 'running'],
    ['neither a number nor --all', ['dead-letter', 'retry'], '--all'],
  ])('exit with 2 for %s', async (_name, args, part) => {
    const { code, stdout, stderr } = await run(args, cleanEnv({ KAFKA_BROKERS: 'h:1' }))
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(part)
  })

  it('exit with 3 where no broker answers', async () => {
    const env = cleanEnv({ KAFKA_BROKERS: '127.0.0.1:1' })
    for (const args of [['threads', 'ls'], ['topics'], ['replay', 'hello']]) {
      const { code, stderr } = await run(args, env)
      expect([code, stderr]).toEqual([3, expect.stringMatching(/^kar: .*\[BROKER_UNAVAILABLE\]\n$/)])
    }
  })
})
