import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'

const MAIN = fileURLToPath(new URL('../../chaos/main.ts', import.meta.url))

/** A busy machine takes some minutes to bring three brokers back, one after the other. */
const RUN_MS_MAX = 400_000

it('keeps every promise while workers, API processes and brokers are killed, frozen and restarted under load', {
  timeout: RUN_MS_MAX,
}, async () => {
  const args = ['--minutes', '0.35', '--seed', '1', '--threads', '6', '--only-promises']
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  onTestFinished(async () => {
    child.kill('SIGTERM')
    await ended
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk
    })
  }
  const code = await ended
  expect(code, output).toBe(0)
  for (const fault of [
    'kill worker',
    'freeze worker',
    'kill API',
    'roll workers',
    'roll APIs',
    'kill broker',
  ]) {
    expect(output).toMatch(new RegExp(`fault: ${fault} +[1-9]`))
  }
})
