import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { javaHome } from '../config.ts'
import { RunnerError } from '../errors.ts'

const JAVA_MAJOR_MIN = 17
const PROBE_MS_MAX = 10_000

/** The `java` to run brokers with: JAVA_HOME's, else the PATH's; the first that is new enough. */
export async function findJava(): Promise<string> {
  const home = javaHome()
  const candidates = home ? [join(home, 'bin', 'java'), 'java'] : ['java']
  const tooOld: string[] = []
  for (const java of candidates) {
    const version = await javaVersion(java)
    if (version === undefined) continue
    if (javaMajor(version) >= JAVA_MAJOR_MIN) return java
    tooOld.push(`"${java}" is Java ${version}`)
  }
  const found = tooOld.length > 0 ? tooOld.join(', ') : 'none was found in JAVA_HOME or the PATH'
  throw new RunnerError(
    'JAVA_MISSING',
    `The embedded broker needs Java ${JAVA_MAJOR_MIN} or newer, and ${found}. Install one (such as openjdk-17-jre-headless) ` +
      'and set JAVA_HOME or the PATH to it, or use a cluster that runs elsewhere: KAFKA_BROKERS=host:port.',
  )
}

/** 8 for `1.8.0_402`, 17 for `17.0.15`; 0 when it cannot be told. */
export function javaMajor(version: string): number {
  const [first = '', second = ''] = version.split('.')
  return Number.parseInt(first === '1' ? second : first, 10) || 0
}

function javaVersion(java: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    // An error here is any of: no such file, not executable, macOS's stub that only says "install Java".
    execFile(java, ['-version'], { timeout: PROBE_MS_MAX }, (error, stdout, stderr) => {
      resolve(error ? undefined : /version "([^"]+)"/.exec(stderr + stdout)?.[1])
    })
  })
}
