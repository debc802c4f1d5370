import { spawn } from 'node:child_process'
import { cp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { onTestFinished } from 'vitest'
import { contentOf, madeOnce, output } from './made-once.ts'
import { pythonWith } from './virtual-environment.ts'

/** How a program is started: its command line without its own arguments. */
export type Program = [command: string, ...args: string[]]

export const pythonProgram = async (): Promise<Program> => [
  await pythonWith('examples/python/requirements.txt'),
  resolve('examples/python/run_agent.py'),
]

/** A Maven project of examples/, packaged once. */
export const javaProgram = async (project: string, jar: string): Promise<Program> => {
  const sources = join('examples', project)
  // Not the whole folder: it has a "target" where somebody built it.
  const inputs = [
    await readFile(join(sources, 'pom.xml'), 'utf8'),
    ...(await contentOf(join(sources, 'src'))),
  ]
  const folder = await madeOnce(`examples-${project}`, inputs, async (draft) => {
    for (const name of ['pom.xml', 'src']) {
      await cp(join(sources, name), join(draft, name), { recursive: true })
    }
    const need = 'mvn and a JDK of version 17 or later, and Maven Central the first time'
    await output('mvn', ['-q', '-B', 'package'], { cwd: draft, need })
  })
  // Short programs: to compile well would cost more than it gives.
  const quick = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC']
  return ['java', ...quick, '-jar', join(folder, 'target', jar)]
}

/** Runs it to its end, in a folder that holds nothing of this project. */
export const runProgram = async ([command, ...before]: Program, args: string[], env = {}) => {
  const child = spawn(command, [...before, ...args], {
    cwd: tmpdir(),
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', (chunk) => stdout.push(chunk))
  child.stderr.on('data', (chunk) => stderr.push(chunk))
  onTestFinished(() => void child.kill('SIGKILL'))
  const code = await new Promise<number | null>((done, fail) => {
    child.once('error', fail)
    child.once('close', done)
  })
  return { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }
}
