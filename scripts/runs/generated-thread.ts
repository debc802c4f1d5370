import type { Command } from '../../src/command/command.ts'
import { acceptedFact, endedFacts, rejectedFact, startedFact } from '../../src/fan-in/facts.ts'
import type { RunFact } from '../../src/fan-in/run-fact.ts'
import { compactedOf, partsOf } from '../../src/log/compacted.ts'
import type { Run } from '../../src/log/reducer.ts'
import { toBaseEvent } from '../../src/run/event.ts'
import type { Random } from '../../test/simulator/random.ts'
import { logNormal, weighted } from './chance.ts'
import { generateRun } from './generated-run.ts'
import { PROFILES, type Profile } from './profiles.ts'

const WORKERS = ['worker-a', 'worker-b', 'worker-c']
const REJECTION_RATE = 0.008
const REJECTIONS = [
  { code: 'THREAD_BUSY' as const, message: 'Thread already running' },
  { code: 'COMMAND_EXPIRED' as const, message: 'No worker took the run within 300000 ms.' },
]
const RUNS_MAX = 20
const MINUTE_MS = 60_000

/** All facts of a thread, as workers would have told them; the same for the same chance. */
export function* generateThread(random: Random, threadId: string, from: number): Generator<RunFact> {
  const profile = weighted(random, PROFILES, ({ weight }) => weight)
  let now = from
  let seq = 1
  for (let turn = 0; turn < RUNS_MAX; turn += 1) {
    const ids = { threadId, commandId: `${threadId}-command-${turn}`, runId: `${threadId}-run-${turn}` }
    const facts = factsOf(random, profile, { ...ids, now, seq, turn })
    yield* facts
    const { time, lastSeq = seq - 1 } = facts.at(-1)!
    now = time + logNormal(random, 2 * MINUTE_MS, 1.4)
    seq = lastSeq + 1
    if (random.chance(0.24)) return
  }
}

interface Place {
  threadId: string
  commandId: string
  runId: string
  now: number
  seq: number
  turn: number
}

const factsOf = (random: Random, profile: Profile, place: Place): RunFact[] => {
  const { threadId, commandId, runId, seq, turn } = place
  const { agentId } = profile
  const workerId = random.pick(WORKERS)
  const now = Math.round(place.now)
  // Of the command only this much is told.
  const command = { threadId, commandId, agentId, input: { threadId, runId } } as Command
  const accepted = acceptedFact(command, { workerId, now })
  if (random.chance(REJECTION_RATE))
    return [accepted, rejectedFact(command, random.pick(REJECTIONS), { workerId, now: now + 40 })]
  const startedAt = now + Math.round(logNormal(random, 12, 0.8))
  const { events, cause } = generateRun(random, profile, { threadId, runId, startedAt, turn })
  const run: Run = {
    runId,
    commandId,
    agentId,
    claims: [{ claimId: `${commandId}-claim`, workerId, instanceId: `${workerId}-1`, time: startedAt }],
    firstSeq: seq,
    lastSeq: seq + events.length - 1,
    seen: events.length,
    terminal: { type: events.at(-1)!.event.type, cause },
    parts: {},
  }
  const compacted = compactedOf({
    run,
    events: events.map(({ event }) => toBaseEvent(event)),
    seqs: events.map((_, at) => seq + at),
    times: events.map(({ time }) => time),
    compacted: false,
  })
  return [accepted, startedFact(threadId, run), ...endedFacts(threadId, run, partsOf(compacted), now)]
}

/** When threads begin: days back from `to` (not included), busier by day than by night and at week-ends. */
export const threadStarts = (random: Random, threads: number, days: number, to: number): number[] => {
  const hours = Array.from({ length: days * 24 }, (_, hour) => to - (days * 24 - hour) * 60 * MINUTE_MS)
  return Array.from(
    { length: threads },
    () => weighted(random, hours, busyness) + random.int(0, 60 * MINUTE_MS - 1),
  ).toSorted((one, other) => one - other)
}

const busyness = (hourStart: number): number => {
  const date = new Date(hourStart)
  const byDay = [0, 6].includes(date.getUTCDay()) ? 0.35 : 1
  return byDay * (1.1 - Math.cos(((date.getUTCHours() - 2) / 24) * 2 * Math.PI))
}
