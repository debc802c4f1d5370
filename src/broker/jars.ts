import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheHome } from '../config.ts'
import { RunnerError } from '../errors.ts'
import { copyJarsWithMaven } from './maven.ts'
import { KAFKA_VERSION, POM } from './pom.ts'

// Written last, into a folder that is renamed into place only then.
const MANIFEST = 'manifest.json'
const STALE_MS = 3_600_000

interface Manifest {
  pom: string
  /** File name to bytes. */
  jars: Record<string, number>
}

/** The folder for the jars when the caller names none. */
export const defaultCacheDir = (): string => join(cacheHome(), 'kafka-agent-runner', `kafka-${KAFKA_VERSION}`)

/**
 * The folder that holds Kafka's jars, brought by Maven the first time. Several processes may ask at once: each
 * resolves into a folder of its own beside the final one, and the first to finish renames its into place.
 */
export async function resolveJars(cacheDir: string, onProgress: (line: string) => void): Promise<string> {
  const jarsDir = join(cacheDir, 'jars')
  if (await isComplete(jarsDir)) return jarsDir
  const draft = `${jarsDir}.${randomBytes(6).toString('hex')}.part`
  await mkdir(draft, { recursive: true })
  await removeStaleDrafts(cacheDir)
  try {
    await copyJarsWithMaven(draft, onProgress)
    await writeManifest(draft)
    await moveIntoPlace(draft, jarsDir)
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
  return jarsDir
}

/** Whether all that Maven once brought is still here, by name and size. */
async function isComplete(jarsDir: string): Promise<boolean> {
  try {
    const manifest = JSON.parse(await readFile(join(jarsDir, MANIFEST), 'utf8')) as Manifest
    if (manifest.pom !== POM) return false
    const entries = Object.entries(manifest.jars)
    const sizes = await Promise.all(entries.map(async ([name]) => (await stat(join(jarsDir, name))).size))
    return entries.every(([, size], i) => sizes[i] === size)
  } catch {
    return false
  }
}

async function writeManifest(dir: string): Promise<void> {
  const names = (await readdir(dir)).filter((name) => name.endsWith('.jar'))
  if (!names.includes(`kafka_2.13-${KAFKA_VERSION}.jar`)) {
    throw new RunnerError(
      'KAFKA_DOWNLOAD_FAILED',
      `Maven ended without an error but brought no Kafka jar into ${dir}. Try again with an empty cache folder.`,
    )
  }
  const jars: Manifest['jars'] = {}
  for (const name of names) jars[name] = (await stat(join(dir, name))).size
  await writeFile(join(dir, MANIFEST), JSON.stringify({ pom: POM, jars } satisfies Manifest))
}

async function moveIntoPlace(draft: string, jarsDir: string): Promise<void> {
  for (let tries = 0; tries < 3; tries++) {
    try {
      await rename(draft, jarsDir)
      return
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error
    }
    // Another process was faster, or what lies here is damaged. Move the damaged away in one step, so that
    // nobody ever sees half a folder.
    if (await isComplete(jarsDir)) return
    const away = `${draft}.old.part`
    await rename(jarsDir, away).catch(() => {})
    await rm(away, { recursive: true, force: true })
  }
  throw new RunnerError(
    'KAFKA_DOWNLOAD_FAILED',
    `The jar folder ${jarsDir} could not be replaced. Remove it and start again.`,
  )
}

/** What a killed process left. Only old ones: a young one may still be filling. */
async function removeStaleDrafts(cacheDir: string): Promise<void> {
  for (const name of await readdir(cacheDir)) {
    if (!name.startsWith('jars.') || !name.endsWith('.part')) continue
    const path = join(cacheDir, name)
    const age = Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now())
    if (age > STALE_MS) await rm(path, { recursive: true, force: true })
  }
}
