import type { BaseEvent } from '@ag-ui/client'
import type { FetchedRecord } from '../../src/kafka/fetch.ts'
import { differenceOf, foldOf } from './fold.ts'
import { factsOf, type ThreadFacts } from './history.ts'
import type { Plan } from './plan.ts'
import { checkRemembered } from './remembered.ts'
import { isEnd, markOf, type ShownRun, shownRuns } from './shown-runs.ts'
import { checkTold, type Told } from './told.ts'
import type { Call, Reading, Witness } from './witness.ts'

export interface Evidence {
  plan: Plan
  witness: Witness
  /** All records ever of each thread's log. */
  threads: Map<string, readonly FetchedRecord[]>
  /** Runs whose commands have landed. */
  commanded: Set<string>
  /** All records ever of the runs topic. */
  told: Told[]
}

/** Ends of a stream that say what happened to the reader, not to the run. */
const LOCAL = new Set([
  'BROKER_UNAVAILABLE',
  'READ_FAILED',
  'APPEND_FAILED',
  'READER_TOO_SLOW',
  'COMMAND_UNANSWERED',
  'COMMAND_EXPIRED',
  'RUNNER_CLOSED',
])

/** The answer to a command that was stopped while it waited: its caller sees a run that was stopped. */
const STOPPED = 'RUN_STOPPED'

/**
 * Which promises of docs/protocol.md were broken, each with its number. It judges what callers saw and what
 * agents did; the rules of the log are asked nowhere.
 */
export const judge = ({ plan, witness, threads, commanded, told }: Evidence): string[] => {
  const violations: string[] = []
  for (const threadId of plan.threads) {
    const facts = factsOf(threads.get(threadId) ?? [])
    const shown = witness.shown.get(threadId) ?? []
    const events = shown.map(({ event }) => event)
    const runs = shownRuns(threadId, shown, witness, violations)
    const of = <T extends { threadId: string }>(list: T[]) =>
      list.filter((each) => each.threadId === threadId)
    for (const request of plan.acts) {
      if (request.do !== 'run' || request.threadId !== threadId || !commanded.has(request.runId)) continue
      const run = runs.find(({ runId }) => runId === request.runId)
      checkAnswer(request.runId, facts, run, witness, violations)
      checkExecutions(request, facts, run, witness, violations)
      checkEnd(request.runId, facts, run, plan, witness, violations)
      const ofRun = told.filter((fact) => fact.runId === request.runId)
      checkTold(request.runId, facts, run, ofRun, violations)
    }
    for (const call of of(witness.calls)) checkCall(call, runs, facts, violations)
    for (const reading of of(witness.readings)) checkReading(reading, events, violations)
    checkSeqs(threadId, events, facts, violations)
    checkRemembered(threadId, shown, witness, violations)
  }
  return violations
}

/** Promise 1. */
const checkAnswer = (
  runId: string,
  facts: ThreadFacts,
  run: ShownRun | undefined,
  { executions }: Witness,
  violations: string[],
): void => {
  const failedEarly = facts.terminals.some((terminal) => terminal.runId === runId)
  const rejected = facts.rejected.get(runId)
  if (run === undefined && !failedEarly && rejected === undefined)
    violations.push(`1: the command of ${runId} was never answered`)
  const executed = executions.some((execution) => execution.runId === runId)
  // Behind its claim it tells nobody anything.
  if (rejected !== undefined && !rejected.afterClaim && (run !== undefined || executed))
    violations.push(`1: ${runId} was rejected (${rejected.code}) and ${executed ? 'executed' : 'shown'} too`)
}

/** Promise 5. */
const checkExecutions = (
  { runId, agentId }: { runId: string; agentId: string },
  facts: ThreadFacts,
  run: ShownRun | undefined,
  witness: Witness,
  violations: string[],
): void => {
  const executions = witness.executions.filter((execution) => execution.runId === runId)
  const claims = facts.claims.get(runId) ?? []
  const takeovers = agentId === 'restartable' ? claims.filter(({ claim }) => claim === 'takeover').length : 0
  if (executions.length > 1 + takeovers)
    violations.push(`5: ${runId} was executed ${executions.length} times, with ${takeovers} take-overs`)
  for (const { mark, at } of executions) {
    if (run?.endedAt !== undefined && at > run.endedAt)
      violations.push(`5: ${runId} was executed again (${mark}) after its end was visible`)
  }
}

/** Promises 1 and 6: what ended the run. */
const checkEnd = (
  runId: string,
  facts: ThreadFacts,
  run: ShownRun | undefined,
  plan: Plan,
  { stops, calls }: Witness,
  violations: string[],
): void => {
  const stopped = stops.some((stop) => stop.runId === runId)
  const superseded = plan.acts.some(
    (act) =>
      act.do === 'run' && act.threadId === run?.threadId && act.mode === 'supersede' && act.runId !== runId,
  )
  const end = run?.events.at(-1)
  const byWorker = end !== undefined && (end.type as string) === 'RUN_FINISHED' && markOf(end) === undefined
  if (byWorker && !stopped && !superseded) violations.push(`6: ${runId} was ended, and nobody stopped it`)
  const causes = facts.terminals.filter((terminal) => terminal.runId === runId).map(({ cause }) => cause)
  if (causes.includes('stop') && !stopped) violations.push(`6: ${runId} ended by a stop that nobody sent`)
  for (const { result } of stops.filter((stop) => stop.runId === runId)) {
    const answered = causes.includes('stop') || facts.rejected.get(runId)?.code === STOPPED
    if (result === true && !answered && calls.some((call) => call.runId === runId))
      violations.push(`9: stop of ${runId} said true, and it ended otherwise`)
  }
}

/** Promises 1 and 2, for who called run(). */
const checkCall = (call: Call, runs: ShownRun[], facts: ThreadFacts, violations: string[]): void => {
  const { runId, ends, events } = call
  if (ends.length !== 1) violations.push(`1: the caller of ${runId} saw ${ends.length} ends`)
  if (ends[0] === 'error') violations.push(`1: the stream of ${runId} failed`)
  const run = runs.find((each) => each.runId === runId)
  const last = events.at(-1)
  const code = (last as { code?: string } | undefined)?.code ?? ''
  const own = LOCAL.has(code) && !same(last, run?.events.at(-1)) ? events.slice(0, -1) : events
  const expected = run?.events ?? []
  if (ends[0] === 'complete' && (last === undefined || !isEnd(last)))
    violations.push(`1: the stream of ${runId} completed without an end`)
  if (own.length === 0) return
  // Told to the caller alone: a rejection, or a run that failed before its agent began.
  if (
    run === undefined &&
    isEnd(own.at(-1)!) &&
    own.length <= (facts.rejected.get(runId)?.code === STOPPED ? 2 : 1)
  )
    return
  if (!own.every((event, index) => same(event, expected[index])))
    violations.push(
      `2: the caller of ${runId} saw other events than its log shows: ${shortened(own)} instead of ${shortened(expected)}`,
    )
  else if (ends[0] === 'complete' && own === events && own.length < expected.length)
    violations.push(`2: the caller of ${runId} saw ${own.length} of ${expected.length} events`)
}

const shortened = (events: BaseEvent[]): string => JSON.stringify(events).slice(0, 500)

const same = (one: BaseEvent | undefined, other: BaseEvent | undefined): boolean =>
  JSON.stringify(one) === JSON.stringify(other)

/** Promises 2 and 8, for who called connect(). */
const checkReading = (reading: Reading, shown: BaseEvent[], violations: string[]): void => {
  const { threadId, reader, events, end, error } = reading
  if (end === undefined) violations.push(`8: ${reader}'s connect to ${threadId} never ended`)
  const code = (error as { code?: string } | undefined)?.code ?? ''
  if (end === 'error' && !LOCAL.has(code))
    violations.push(`8: ${reader}'s connect to ${threadId} failed: ${String(error)}`)
  const last = events.at(-1)
  if (last === undefined) return
  // Up to where it saw the thread: events that say the same may stand there several times.
  const runs = startsOf(events)
  const places = shown.flatMap((event, at) =>
    same(event, last) && startsOf(shown.slice(0, at + 1)) === runs ? [at + 1] : [],
  )
  const seen = foldOf(events)
  const expected = places.map((upTo) => foldOf(shown.slice(0, upTo)))
  if (!expected.includes(seen))
    violations.push(`2: ${reader} saw of ${threadId}: ${differenceOf(seen, expected.at(-1) ?? '')}`)
  else if (end === 'complete' && !isEnd(last))
    violations.push(`8: ${reader}'s connect to ${threadId} completed in the middle of a run`)
}

const startsOf = (events: BaseEvent[]): number =>
  events.filter(({ type }) => (type as string) === 'RUN_STARTED').length

/** seq numbers what is shown 1, 2, 3, … */
const checkSeqs = (
  threadId: string,
  shown: BaseEvent[],
  { events }: ThreadFacts,
  violations: string[],
): void => {
  let at = 0
  let previous = 0
  for (const event of shown) {
    const json = JSON.stringify(event)
    // A repeated append says the same again, under the same seq.
    while (at < events.length && (events[at]!.json !== json || events[at]!.seq <= previous)) at += 1
    const found = events[at]
    if (found === undefined)
      return void violations.push(
        `2: no record of ${threadId} says this with a seq above ${previous}: ${json}`,
      )
    at += 1
    previous = found.seq
  }
}
