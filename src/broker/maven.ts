import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { RunnerError } from '../errors.ts'
import { KAFKA_VERSION, POM } from './pom.ts'

const MAVEN_MS_MAX = 600_000
const PROGRESS_EVERY_MS = 1_000
const KEPT_LINES_MAX = 8

/** Copies Kafka and all it needs to run into `dir`, through the user's own Maven (its mirrors and proxies too). */
export async function copyJarsWithMaven(dir: string, onProgress: (line: string) => void): Promise<void> {
  const began = Date.now()
  onProgress(`Bringing Apache Kafka ${KAFKA_VERSION} with Maven into ${dir} (once, about 45 MB)`)
  const pom = join(dir, 'pom.xml')
  await writeFile(pom, POM)
  await runMaven(
    ['-B', '-f', pom, 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${dir}`],
    onProgress,
  )
  onProgress(`Apache Kafka ${KAFKA_VERSION} is here, after ${((Date.now() - began) / 1000).toFixed(1)} s`)
}

function runMaven(args: string[], onProgress: (line: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const maven = spawn('mvn', args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const complaints: string[] = []
    let told = 0
    const onLine = (line: string) => {
      const jar = /Downloaded from [^:]+: \S+\/([^/\s]+\.jar)/.exec(line)?.[1]
      if (jar && Date.now() - told > PROGRESS_EVERY_MS) {
        told = Date.now()
        onProgress(`Downloaded ${jar}`)
      }
      if (/ERROR|error|exception|JAVA_HOME/i.test(line) && complaints.length < KEPT_LINES_MAX)
        complaints.push(line)
    }
    createInterface({ input: maven.stdout }).on('line', onLine)
    createInterface({ input: maven.stderr }).on('line', onLine)
    const timer = setTimeout(() => {
      complaints.push(`It did not end within ${MAVEN_MS_MAX / 1000} s.`)
      maven.kill('SIGKILL')
    }, MAVEN_MS_MAX)
    maven.once('error', (error) => {
      clearTimeout(timer)
      reject(mavenMissing(error))
    })
    maven.once('close', (code) => {
      clearTimeout(timer)
      if (code === 0) resolve()
      else reject(downloadFailed(code, complaints))
    })
  })
}

function mavenMissing(cause: Error): RunnerError {
  return new RunnerError(
    'MAVEN_MISSING',
    `Maven is needed once to bring Apache Kafka ${KAFKA_VERSION}, and "mvn" could not be run (${cause.message}). ` +
      'Install Maven (apt install maven, brew install maven), or use a cluster that runs elsewhere: KAFKA_BROKERS=host:port.',
    { cause },
  )
}

function downloadFailed(code: number | null, complaints: string[]): RunnerError {
  return new RunnerError(
    'KAFKA_DOWNLOAD_FAILED',
    `Maven could not bring Apache Kafka ${KAFKA_VERSION} (exit code ${code}). Check the network, and the proxy and mirrors in ` +
      `~/.m2/settings.xml, and start again. Maven said:\n${complaints.join('\n')}`,
  )
}
