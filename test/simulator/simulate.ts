import type { BaseEvent } from '@ag-ui/client'
import { factsOf } from './history.ts'
import { judge } from './oracle.ts'
import { FAULTS_MS, planFrom } from './plan.ts'
import { randomFrom } from './random.ts'
import type { Told } from './told.ts'
import type { Reading } from './witness.ts'
import { COMMANDS, createWorld, RUNS, THREAD_TOPICS, type World } from './world.ts'

export interface Result {
  seed: number
  /** Broken promises, each with its number; none is as it should be. */
  violations: string[]
  /** What happened, line by line; empty unless asked for. */
  trace: string[]
  steps: number
  simulatedMs: number
  executions: number
  events: number
  /** For each thread what a live reader saw, and what a new one does at the end. */
  streams: { live: BaseEvent[]; replay: BaseEvent[] }[]
}

/** After the last fault everything is answered within this time, or hangs. */
const SETTLE_MS_MAX = 60_000
/** What is written when all is answered, such as directory entries, goes out within this time. */
const AFTERMATH_MS = 3_000

/** One history, which the seed decides to the last detail. */
export const simulate = async (seed: number, { trace = false } = {}): Promise<Result> => {
  const plan = planFrom(randomFrom(seed * 2 + 1))
  const world = createWorld(seed * 2, plan, trace)
  const { scheduler, witness } = world
  world.begin()
  await scheduler.run(FAULTS_MS)
  const violations = await settle(world)
  // What lands later, of callers that were told so, finds nobody to wait for it here.
  const commanded = commandedRuns(world)
  // An outage may outlast everything.
  await scheduler.run(Math.max(scheduler.now(), world.network.downUntil))
  await scheduler.run(scheduler.now() + AFTERMATH_MS)
  violations.push(...(await readAnew(world)))
  violations.push(...judge({ plan, witness, threads: logsOf(world), commanded, told: toldOf(world) }))
  return {
    seed,
    violations,
    trace: witness.trace,
    steps: scheduler.steps,
    simulatedMs: scheduler.now(),
    executions: witness.executions.length,
    events: [...witness.shown.values()].reduce((sum, shown) => sum + shown.length, 0),
    streams: witness.readings
      .filter(({ reader }) => reader === LATER)
      .map(({ threadId, events }) => ({
        live: (witness.shown.get(threadId) ?? []).map(({ event }) => event),
        replay: events,
      })),
  }
}

/** The question costs more than a step: it is asked now and then. */
const every = (steps: number, scheduler: { readonly steps: number }, question: () => boolean) => () =>
  scheduler.steps % steps === 0 && question()

const lagOf = ({ broker, group }: World): number => {
  let lag = 0
  for (let index = 0; index < broker.partitions(COMMANDS); index += 1)
    lag += broker.partition(COMMANDS, index).end - group.committed(index)
  return lag
}

const isQuiet = (world: World): boolean => {
  const { calls, readings } = world.witness
  return (
    !world.isFrozen() &&
    calls.every(({ ends }) => ends.length > 0) &&
    readings.every(({ end }) => end !== undefined) &&
    lagOf(world) === 0
  )
}

/** Lets everything come to its end, and tells what hangs. */
const settle = async (world: World): Promise<string[]> => {
  const { scheduler, group } = world
  const untilQuiet = () =>
    scheduler.run(
      scheduler.now() + SETTLE_MS_MAX,
      every(32, scheduler, () => isQuiet(world)),
    )
  await untilQuiet()
  const violations = unanswered(world).map(
    (runId) => `1: ${runId} is not answered ${SETTLE_MS_MAX / 1000} s after the last fault`,
  )
  if (lagOf(world) === 0) return violations
  // A commit may be lost. Whoever gets the commands again finds them answered, and commits.
  group.rebalance()
  await untilQuiet()
  const lag = lagOf(world)
  if (lag > 0) violations.push(`5: ${lag} commands are not committed, although they were delivered again`)
  return violations
}

/** Runs of commands that came, and that neither a claim nor a rejection answers. */
const unanswered = (world: World): string[] => {
  const facts = [...logsOf(world).values()].map(factsOf)
  return [...commandedRuns(world)].filter((runId) =>
    facts.every(({ claims, rejected }) => !claims.has(runId) && !rejected.has(runId)),
  )
}

const logsOf = ({ broker, plan }: World) =>
  new Map(
    plan.threads
      .filter((threadId) => broker.has(THREAD_TOPICS + threadId))
      .map((threadId) => [threadId, broker.partition(THREAD_TOPICS + threadId).all]),
  )

const toldOf = ({ broker }: World): Told[] =>
  Array.from({ length: broker.partitions(RUNS) }, (_, index) => broker.partition(RUNS, index).all)
    .flat()
    .map(({ value }) => JSON.parse(String(value)))

const commandedRuns = ({ broker }: World): Set<string> => {
  const runs = new Set<string>()
  for (let index = 0; index < broker.partitions(COMMANDS); index += 1) {
    for (const { key, value } of broker.partition(COMMANDS, index).all)
      if (key !== 'poison') runs.add(JSON.parse(String(value)).input.runId)
  }
  return runs
}

const READ_MS_MAX = 30_000
const LATER = 'later'

/** A new process reads every thread from zero, and finds that none has a run. */
const readAnew = async ({ broker, plan, startReader, scheduler, witness }: World): Promise<string[]> => {
  const reader = startReader({ name: LATER })
  const threads = plan.threads.filter((threadId) => broker.has(THREAD_TOPICS + threadId))
  const readings: Reading[] = [...threads, 'nobody knows it'].map(
    (threadId) => reader.connect({ threadId }).reading,
  )
  witness.readings.push(...readings)
  const violations: string[] = []
  let asked = threads.length
  for (const threadId of threads) {
    void reader.isRunning(threadId).then((running) => {
      asked -= 1
      if (running) violations.push(`9: ${threadId} has a run for a new process, and nobody runs it`)
    })
  }
  await scheduler.run(scheduler.now() + READ_MS_MAX, () => asked === 0 && readings.every(({ end }) => end))
  for (const { threadId, end, events } of readings) {
    const shown = witness.shown.get(threadId) ?? []
    if (end !== 'complete') violations.push(`8: a new process's connect to ${threadId} did not complete`)
    if ((events.length === 0) !== (shown.length === 0))
      violations.push(
        `2: a new process sees ${events.length} events of ${threadId}, live readers ${shown.length}`,
      )
  }
  if (broker.topics.length > threads.length + 6) violations.push('8: a connect has created a topic')
  return violations
}
