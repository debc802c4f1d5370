import { sleep } from '../src/sleep.ts'
import type { Client } from './client.ts'
import { type JournalLine, readJournal } from './journal.ts'
import { typeOf } from './recording.ts'

/** A thread whose run lost its worker, and when it could be used again. */
export interface TakeOver {
  threadId: string
  runId: string
  workerId: string
  fault: 'kill worker' | 'freeze worker'
  /** Times in milliseconds since 1970. */
  lostAt: number
  /** A new run of the thread was seen to start. */
  startedAt?: number
}

export interface ProbeOptions {
  client: Client
  urls(): string[]
  journalFile: string
}

const GIVE_UP_MS = 60_000
const PAUSE_MS = 200

/** Runs under way on a worker, by its agents' journal. */
const openOn = (journalFile: string, workerId: string): JournalLine[] => {
  const open = new Map<string, JournalLine>()
  for (const line of readJournal(journalFile)) {
    if (line.workerId !== workerId) continue
    if (line.what === 'start') open.set(line.execution, line)
    else open.delete(line.execution)
  }
  return [...open.values()]
}

/**
 * Asks for a new run on each thread whose worker was just lost, at once and again until one starts. Resolves
 * when all have, or time is up.
 */
export const probeTakeOvers = async (
  { client, urls, journalFile }: ProbeOptions,
  workerId: string,
  fault: TakeOver['fault'],
): Promise<TakeOver[]> => {
  const lostAt = Date.now()
  const takeOvers = openOn(journalFile, workerId).map(
    ({ threadId, runId }): TakeOver => ({ threadId, runId, workerId, fault, lostAt }),
  )
  const probe = async (takeOver: TakeOver): Promise<void> => {
    for (let number = 1; Date.now() - lostAt < GIVE_UP_MS; number += 1) {
      const [url] = urls()
      if (url !== undefined) {
        const runId = `${takeOver.runId}-probe-${lostAt}-${number}`
        const { received } = await client.run(url, takeOver.threadId, runId, {
          kind: 'short',
          deltas: 1,
          pauseMs: 1,
        })
        const started = received.find(({ event }) => typeOf(event) === 'RUN_STARTED')
        if (started !== undefined) {
          takeOver.startedAt = started.time
          return
        }
      }
      await sleep(PAUSE_MS)
    }
  }
  await Promise.all(takeOvers.map(probe))
  return takeOvers
}
