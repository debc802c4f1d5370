import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { attempt, type Outcome } from '../../src/webhooks/attempt.ts'
import { messageFor } from '../../src/webhooks/message.ts'
import { createSigner } from '../../src/webhooks/signature.ts'
import { factOf, until } from '../support/facts.ts'
import { freePort } from '../support/free-port.ts'
import { newSecret } from './receiver.ts'

const doc = readFileSync('docs/webhooks.md', 'utf8')
const blockOf = (language: string): string => doc.split(`\`\`\`${language}\n`)[1]!.split('\n```')[0]!

const startProgram = (program: ChildProcess) => {
  let output = ''
  program.stdout?.on('data', (chunk) => {
    output += chunk
  })
  const exited = new Promise((resolve) => program.once('exit', resolve))
  onTestFinished(async () => {
    program.kill('SIGKILL')
    await exited
  })
  return () => output
}

const RECEIVERS = [
  ['js', process.execPath, ['--input-type=module', '-e']],
  ['python', 'python3', ['-c']],
] as const

describe('docs/webhooks.md', () => {
  it.each(RECEIVERS)(
    'has a receiver in %s that verifies, and takes each fact once',
    async (language, command, args) => {
      // A machine may have no Python.
      if (spawnSync(command, ['--version']).error !== undefined) return
      const [secret, port] = [newSecret(), await freePort()]
      const env = { ...process.env, ORDERS_WEBHOOK_SECRET: secret, PORT: String(port) }
      const program = spawn(command, [...args, blockOf(language)], {
        env,
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      const output = startProgram(program)
      const fact = factOf('t', 'finished', 1, { message: 'naïve ✓' })
      const message = messageFor(fact, { prefix: 'p', includeEvents: false })
      const post = (headers: Record<string, string>, body = message.body): Promise<Outcome> =>
        attempt(`http://127.0.0.1:${port}/`, body, headers, 5_000)
      const sign = createSigner([newSecret(), secret])
      const good = sign(message, new Date())
      await until(async () => (await post(good)).what === 'taken')

      const refused = { what: 'failed', reason: 'HTTP 400', again: false }
      expect(await post(good)).toEqual({ what: 'taken' })
      expect(await post(good, `${message.body} `)).toEqual(refused)
      expect(await post(createSigner([newSecret()])(message, new Date()))).toEqual(refused)
      expect(await post(sign(message, new Date(Date.now() - 600_000)))).toEqual(refused)
      expect(output()).toBe('finished run-1 of t\n')
    },
  )
})
