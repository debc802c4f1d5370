import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sleep } from '../src/sleep.ts'
import { createClient } from './client.ts'
import { type ChaosCluster, startCluster } from './cluster.ts'
import { type FaultRecord, runFaults } from './fault-runner.ts'
import { createFleet, type Fleet } from './fleet.ts'
import { readJournal } from './journal.ts'
import type { ChaosOptions } from './options.ts'
import { gatherEvidence, type Violation } from './oracle/evidence.ts'
import { judge } from './oracle/judge.ts'
import { readAllTopics } from './oracle/raw-log.ts'
import { readReplays } from './oracle/replays.ts'
import { describeFault, makePlan } from './plan.ts'
import { probeTakeOvers, type TakeOver } from './probe.ts'
import { createRandom } from './random.ts'
import { Recordings } from './recording.ts'
import type { Report } from './report.ts'
import { LONG_RUN_MS_MAX } from './script.ts'
import { settle } from './settle.ts'
import { driveThreads } from './thread-driver.ts'

const PREFIX = 'chaos'
const PROGRESS_MS = 5_000
/** Past the load's end: the longest run, a take-over, and the probes' patience. */
const LAST_STREAMS_MS_MAX = 150_000
const FAULTS_LATE_MS_MAX = 120_000

export interface ChaosRun {
  /** Resolves with the report. */
  start(): Promise<Report>
  /** Ends all processes. Idempotent. */
  stop(): Promise<void>
}

/** Cluster and processes up, load and faults, quiet, and then the oracle. */
export const createChaosRun = (options: ChaosOptions, say: (line: string) => void): ChaosRun => {
  const folder = options.keep ?? mkdtempSync(join(tmpdir(), 'kar-chaos-'))
  const journalFile = join(folder, 'journal.jsonl')
  const durationMs = options.minutes * 60_000
  const recordings = new Recordings()
  const client = createClient(recordings)
  const random = createRandom(options.seed)
  const plan = makePlan({ ...options, durationMs, random: random.fork('plan') })
  let cluster: ChaosCluster | undefined
  let fleet: Fleet | undefined
  let keptForReading = false

  const begin = async () => {
    mkdirSync(folder, { recursive: true })
    writeFileSync(journalFile, '')
    say(`seed ${options.seed}; logs and journal in ${folder}`)
    for (const fault of [...plan.processes, ...plan.brokers].sort((a, b) => a.at - b.at))
      say(`planned at ${(fault.at / 1000).toFixed(1).padStart(6)} s: ${describeFault(fault)}`)
    say('starting three brokers')
    const ownCluster = await startCluster(say)
    cluster = ownCluster
    say(`starting ${options.workers} workers and ${options.apis} API processes`)
    const env = {
      KAFKA_BROKERS: ownCluster.brokers.join(','),
      KAR_PREFIX: PREFIX,
      CHAOS_JOURNAL: journalFile,
    }
    const ownFleet = createFleet({ workers: options.workers, apis: options.apis, env, logDir: folder })
    fleet = ownFleet
    await ownFleet.start()
    return { cluster: ownCluster, fleet: ownFleet }
  }

  /** Load and faults at once, until time is up and all that was begun has ended. */
  const storm = async (parts: { cluster: ChaosCluster; fleet: Fleet }) => {
    const over = new AbortController()
    const faultsOver = Promise.withResolvers<void>()
    const urls = parts.fleet.urls
    const begun = Date.now()
    const sayAt = (line: string) => say(`${((Date.now() - begun) / 1000).toFixed(1).padStart(6)} s  ${line}`)
    const progress = setInterval(() => {
      const { streams, events } = recordings
      const open = streams.filter(({ endedAt }) => endedAt === undefined).length
      sayAt(`${streams.length} streams, ${open} open, ${events} events received`)
    }, PROGRESS_MS)
    const longRunMs = Math.min(LONG_RUN_MS_MAX, durationMs / 6)
    const load = Array.from({ length: options.threads }, (_, index) => {
      const name = `thread-${index + 1}`
      return driveThreads({ client, urls, random: random.fork(name), name, longRunMs, over: over.signal })
    })
    const probe = (workerId: string, fault: TakeOver['fault']) =>
      probeTakeOvers({ client, urls, journalFile }, workerId, fault)
    const faults = runFaults({
      ...parts,
      ...options,
      durationMs,
      plan,
      probe,
      onOver: faultsOver.resolve,
      say: sayAt,
    })
    // There is load while there are faults: a row of slow ones may take longer than was asked for.
    await Promise.all([
      sleep(durationMs),
      Promise.race([faultsOver.promise, sleep(durationMs + FAULTS_LATE_MS_MAX)]),
    ])
    over.abort()
    sayAt('load is over; waiting for the last streams')
    const ended = await Promise.race([
      Promise.all([...load, faults]).then(() => true),
      sleep(LAST_STREAMS_MS_MAX).then(() => false),
    ])
    clearInterval(progress)
    const stalled: Violation[] = recordings.streams
      .filter(({ endedAt }) => !ended && endedAt === undefined)
      .map(({ ask, threadId, runId }) => ({
        promise: 'no stall',
        threadId,
        what: `${ask} ${runId ?? ''} has no end`,
      }))
    return {
      stalled,
      ...(ended ? await faults : { records: [] as FaultRecord[], takeOvers: [] as TakeOver[] }),
    }
  }

  const start = async (): Promise<Report> => {
    const parts = await begin()
    const { stalled, records, takeOvers } = await storm(parts)
    say('waiting for all brokers to be in sync, and for all commands to be answered')
    await parts.cluster.inSync()
    const unsettled = await settle(parts.cluster.brokers, PREFIX)
    say('stopping the workers')
    await parts.fleet.stopWorkers()
    say('reading every log from zero')
    const topics = await readAllTopics(parts.cluster.brokers, PREFIX)
    const journal = readJournal(journalFile)
    const threadIds = new Set(recordings.streams.map(({ threadId }) => threadId))
    const replays = await readReplays(parts.cluster.brokers, PREFIX, [...threadIds])
    const evidence = gatherEvidence({
      prefix: PREFIX,
      topics,
      recordings,
      journal,
      lives: parts.fleet.lives,
      takeOvers,
      replays,
    })
    say('checking the promises')
    const verdict = await judge(evidence, records)
    verdict.violations.push(...stalled, ...unsettled)
    const report: Report = { seed: options.seed, minutes: options.minutes, faults: records, verdict }
    await keep(report, topics)
    return report
  }

  const keep = async ({ verdict }: Report, topics: unknown): Promise<void> => {
    if (options.keep === undefined && verdict.violations.length + verdict.missed.length === 0) return
    keptForReading = true
    writeFileSync(join(folder, 'recordings.json'), JSON.stringify(recordings.streams))
    writeFileSync(join(folder, 'topics.json'), JSON.stringify([...(topics as Map<string, unknown>)]))
    say(`kept in ${folder}: the logs of all processes, journal.jsonl, recordings.json, topics.json`)
  }

  let stopped: Promise<void> | undefined
  return {
    start,
    stop: () => {
      stopped ??= (async () => {
        await fleet?.kill()
        await cluster?.stop()
        if (!keptForReading && options.keep === undefined) rmSync(folder, { recursive: true, force: true })
      })()
      return stopped
    },
  }
}
