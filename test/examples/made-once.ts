import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { cacheHome } from '../../src/config.ts'

const exec = promisify(execFile)
const MAKE_MS_MAX = 600_000

/**
 * A folder of the user's cache, made once for what `inputs` say. Into a draft first: several test processes may be
 * at it at once.
 */
export const madeOnce = async (
  name: string,
  inputs: string[],
  make: (folder: string) => Promise<void>,
): Promise<string> => {
  const hash = createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 16)
  const folder = join(cacheHome(), 'kafka-agent-runner', `${name}-${hash}`)
  if (existsSync(folder)) return folder
  await mkdir(dirname(folder), { recursive: true })
  const draft = await mkdtemp(`${folder}.`)
  const from = performance.now()
  process.stderr.write(`Making ${folder}, once …\n`)
  try {
    await make(draft)
    await rename(draft, folder).catch((error) => {
      if (!existsSync(folder)) throw error
    })
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
  process.stderr.write(`Made in ${((performance.now() - from) / 1000).toFixed(1)} s\n`)
  return folder
}

/** What a program printed. Fails with what is missing on this machine where it cannot be run. */
export const output = async (
  program: string,
  args: string[],
  { cwd, need }: { cwd?: string; need: string },
): Promise<string> => {
  try {
    return (await exec(program, args, { cwd, timeout: MAKE_MS_MAX, maxBuffer: 1e8 })).stdout
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as { stdout?: string; stderr?: string } & Error
    const said = `${stdout}${stderr}`.trim().slice(-2_000)
    throw new Error(`This test needs ${need}. "${[program, ...args].join(' ')}": ${said || message}`, {
      cause: error,
    })
  }
}

/** The content of all files of a folder, with their names, so that a change of any is seen. */
export const contentOf = async (folder: string): Promise<string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
  return Promise.all(files.toSorted().map(async (file) => `${file}\n${await readFile(file, 'utf8')}`))
}
