import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cacheHome } from '../../src/config.ts'
import { sleep } from '../../src/sleep.ts'
import { freePort } from './free-port.ts'

const run = promisify(execFile)

/** Apicurio, a real registry with Confluent's API; the newest version that Maven Central has. */
const VERSION = '2.5.11.Final'
const FOLDER = join(cacheHome(), 'kafka-agent-runner', `apicurio-${VERSION}`)
const JAR = join(FOLDER, `apicurio-registry-app-${VERSION}-runner.jar`)
const START_MS_MAX = 60_000

export interface Registry {
  /** Confluent's API. */
  url: string
  stop(): Promise<void>
}

/** Starts a registry of its own, in memory, on 127.0.0.1; brought by Maven the first time (140 MB). */
export const startRegistry = async (port?: number): Promise<Registry> => {
  if (!existsSync(JAR)) await bring()
  const at = port ?? (await freePort())
  const args = ['-Xmx512m', `-Dquarkus.http.port=${at}`, '-Dquarkus.http.host=127.0.0.1', '-jar', JAR]
  const child = spawn('java', args, { cwd: FOLDER, stdio: 'ignore' })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const url = `http://127.0.0.1:${at}/apis/ccompat/v7`
  const stop = async () => {
    child.kill('SIGKILL')
    await ended
  }
  const from = performance.now()
  while (!(await answers(url))) {
    if (child.exitCode !== null || performance.now() - from > START_MS_MAX) {
      await stop()
      throw new Error(`the registry did not start on port ${at}`)
    }
    await sleep(100)
  }
  return { url, stop }
}

const answers = async (url: string): Promise<boolean> => {
  try {
    return (await fetch(`${url}/subjects`)).ok
  } catch {
    return false
  }
}

/** Into a folder of its own first: several test processes may be at it at once. */
const bring = async (): Promise<void> => {
  await mkdir(join(FOLDER, '..'), { recursive: true })
  const draft = await mkdtemp(`${FOLDER}.`)
  try {
    const artifact = `io.apicurio:apicurio-registry-app:${VERSION}:tar.gz:all`
    const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy'
    // In a folder without a pom: Maven would read one.
    await run('mvn', ['-B', '-q', goal, `-Dartifact=${artifact}`, `-DoutputDirectory=${draft}`], {
      cwd: tmpdir(),
    })
    await run('tar', ['xzf', `apicurio-registry-app-${VERSION}-all.tar.gz`], { cwd: draft })
    await rm(join(draft, `apicurio-registry-app-${VERSION}-all.tar.gz`))
    await rename(draft, FOLDER).catch((error) => {
      if (!existsSync(JAR)) throw error
    })
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}
