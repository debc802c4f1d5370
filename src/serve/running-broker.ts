import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { identify, isAlive } from '../broker/process-identity.ts'

const schema = z.object({
  version: z.literal(1),
  /** The process that started the broker: a file that outlived it says nothing. */
  owner: z.object({ pid: z.number(), started: z.string() }),
  brokers: z.array(z.string()).min(1),
  /** What `kar serve` uses on it, so that a second terminal needs no settings. */
  prefix: z.string().optional(),
  commandPartitions: z.number().optional(),
})

/** An embedded broker that runs now, as its starter announced it in the data folder. */
export type RunningBroker = z.output<typeof schema>

const fileIn = (dataDir: string): string => join(dataDir, 'running.json')

/** The broker that runs in this data folder; undefined when none does. */
export const findRunningBroker = async (dataDir: string): Promise<RunningBroker | undefined> => {
  try {
    const running = schema.parse(JSON.parse(await readFile(fileIn(dataDir), 'utf8')))
    return (await isAlive(running.owner)) ? running : undefined
  } catch {
    return undefined
  }
}

/** Tells other processes of this user where the broker is; the function that is given takes it back. */
export const announceBroker = async (
  dataDir: string,
  what: Omit<RunningBroker, 'version' | 'owner'>,
): Promise<() => Promise<void>> => {
  const owner = (await identify(process.pid)) ?? { pid: process.pid, started: 'unknown' }
  const path = fileIn(dataDir)
  const running: RunningBroker = { version: 1, owner, ...what }
  await mkdir(dataDir, { recursive: true })
  await writeFile(`${path}.next`, `${JSON.stringify(running, null, 2)}\n`)
  await rename(`${path}.next`, path)
  return () => rm(path, { force: true })
}
