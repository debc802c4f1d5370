import { execFileSync } from 'node:child_process'
import { cpus, release, totalmem, type } from 'node:os'
import type { Machine } from './result.ts'

/** What the figures were taken on. */
export const machine = (): Machine => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  os: `${type()} ${release()}`,
  node: process.version,
  java: javaVersion(),
})

const javaVersion = (): string =>
  execFileSync('java', ['--version'], { encoding: 'utf8' }).split('\n')[0] ?? 'unknown'
