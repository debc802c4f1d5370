import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { RunnerError } from '../errors.ts'
import { type Layout, logDirOf, nodeDir } from './data-dir.ts'
import { meaningfulLines } from './failure.ts'

const FORMAT_MS_MAX = 60_000
// A JVM of half a second: its full compiler and collector would only cost it time.
const SHORT_JVM = ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-XX:-UsePerfData']

/** Formats the log folders of all nodes, first removing what a cut-off start may have left of them. */
export async function formatNodes(
  java: string,
  classPath: string,
  dataDir: string,
  layout: Layout,
): Promise<void> {
  await Promise.all(
    layout.nodes.map(async ({ id }) => {
      await rm(logDirOf(dataDir, id), { recursive: true, force: true })
      const config = join(nodeDir(dataDir, id), SERVER_PROPERTIES)
      await storageTool(java, classPath, ['format', '-t', layout.clusterId, '-c', config])
    }),
  )
}

export const SERVER_PROPERTIES = 'server.properties'

function storageTool(java: string, classPath: string, args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const argv = [...SHORT_JVM, '-cp', classPath, 'kafka.tools.StorageTool', ...args]
    execFile(java, argv, { timeout: FORMAT_MS_MAX, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
      if (!error) return resolve()
      const said = meaningfulLines(`${stdout}\n${stderr}`)
      reject(
        new RunnerError(
          'BROKER_START_FAILED',
          `Kafka could not format the broker's log folder. Its last words are:\n${said || error.message}`,
          { cause: error },
        ),
      )
    })
  })
}
