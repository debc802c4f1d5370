import type { FaultRecord } from '../fault-runner.ts'
import { checkAftermath } from './check-aftermath.ts'
import { checkAnswers, checkSequence } from './check-answers.ts'
import { checkExecutions } from './check-executions.ts'
import { checkRecordings, ownErrorOf } from './check-recordings.ts'
import { checkReplays } from './check-replays.ts'
import { checkWritten } from './check-written.ts'
import { delaysOf } from './delays.ts'
import { type EarlyEnd, earlyEndsOf } from './early-ends.ts'
import type { Evidence, Violation } from './evidence.ts'
import { type Quantiles, quantiles, type TakeOverTime, takeOverTimes } from './take-over-times.ts'

/** What is to be reached beside the promises: a killed worker's threads are usable again in this time. */
export const TAKE_OVER_MS_P99 = 10_000

export interface Verdict {
  /** Promises that were not kept. */
  violations: Violation[]
  /** Figures that were not reached; a machine that is too busy misses them too. */
  missed: Violation[]
  /** From the agent's emitting an event to its caller's receiving it, milliseconds. */
  delay: Quantiles
  /** By what happened, milliseconds. */
  takeOver: Record<string, Quantiles>
  earlyEnds: EarlyEnd[]
  counts: Record<string, number>
  /** How runs ended, by cause. */
  ends: Record<string, number>
  rejections: Record<string, number>
  /** Streams that broke off, by the reason. */
  broken: Record<string, number>
}

export const judge = async (evidence: Evidence, faults: readonly FaultRecord[]): Promise<Verdict> => {
  const earlyEnds = earlyEndsOf(evidence)
  const times = takeOverTimes(evidence, faults)
  const violations = [
    ...checkWritten(evidence),
    ...checkAnswers(evidence),
    ...checkSequence(evidence),
    ...checkExecutions(evidence),
    ...checkRecordings(evidence),
    ...(await checkReplays(evidence)),
    ...checkAftermath(evidence),
    ...faults
      .filter(({ trouble }) => trouble !== undefined)
      .map(({ fault, trouble }) => ({ promise: 'recovery', what: `${fault.kind}: ${trouble}` })),
  ]
  const missed = [...checkEarlyEnds(earlyEnds), ...checkTakeOver(times)]
  return {
    violations,
    missed,
    takeOver: byCircumstance(times),
    earlyEnds,
    delay: quantiles(delaysOf(evidence)),
    ...figures(evidence),
  }
}

const byCircumstance = (times: TakeOverTime[]): Record<string, Quantiles> => {
  const groups = Map.groupBy(
    times,
    ({ fault, meanwhile }) => `${fault}${meanwhile === undefined ? '' : `, ${meanwhile}`}`,
  )
  return Object.fromEntries([...groups].sort().map(([name, group]) => [name, known(group)]))
}

const known = (times: TakeOverTime[]): Quantiles =>
  quantiles(times.map(({ ms }) => ms).filter((ms) => ms !== undefined))

const checkEarlyEnds = (ends: EarlyEnd[]): Violation[] =>
  ends
    .filter(({ why }) => why !== 'killed' && why !== 'frozen')
    .map(({ threadId, runId, cause, workerId, why }) => ({
      promise: 'no run ends early without need',
      threadId,
      what: `run ${runId} on ${workerId} ended by ${cause}: ${why}`,
    }))

const checkTakeOver = (times: TakeOverTime[]): Violation[] => {
  const found: Violation[] = []
  const never = times.filter(({ ms }) => ms === undefined).length
  if (never > 0)
    found.push({ promise: 'take-over', what: `${never} threads of lost workers did not come back` })
  const { p99 } = known(
    times.filter(({ fault, meanwhile }) => fault === 'kill worker' && meanwhile === undefined),
  )
  if (p99 > TAKE_OVER_MS_P99) {
    found.push({ promise: 'take-over', what: `p99 is ${p99} ms, above ${TAKE_OVER_MS_P99} ms` })
  }
  return found
}

const figures = ({ threads, commands, recordings, journal }: Evidence) => {
  const logs = [...threads.values()]
  const runs = logs.flatMap((log) => log.runs)
  const hidden = (name: keyof (typeof logs)[number]['hidden']) => sum(logs.map((log) => log.hidden[name]))
  const { streams } = recordings
  return {
    counts: {
      threads: logs.length,
      commands: commands.length,
      runs: runs.length,
      'agent executions': journal.filter(({ what }) => what === 'start').length,
      'events in the logs': sum(runs.map(({ events }) => events.length)),
      'events received by clients': sum(streams.map(({ received }) => received.length)),
      'streams recorded': streams.length,
      'stops asked for': recordings.stops.length,
      'take-overs': sum(runs.map(({ claims }) => claims.length - 1)),
      'hidden: of replaced workers': hidden('fenced'),
      'hidden: after the end': hidden('afterEnd'),
      'hidden: repeated': hidden('repeated'),
      'hidden: void claims': hidden('voidClaims'),
      'hidden: foreign': hidden('foreign'),
      'commands rejected twice': sum(
        logs.map(({ rejections }) => repeats(rejections.map(({ commandId }) => commandId))),
      ),
    },
    ends: tally(runs.map(({ terminal }) => terminal?.cause ?? 'not ended')),
    rejections: tally(logs.flatMap((log) => log.rejections.map(({ code }) => code))),
    broken: tally(
      streams.flatMap((stream) => {
        const own = ownErrorOf(stream)
        if (own !== undefined) return [`RUN_ERROR ${own}`]
        if (stream.end?.how === 'complete') return []
        return [
          stream.end?.how === 'refused' ? `HTTP ${stream.end.status}` : `connection: ${stream.end?.why}`,
        ]
      }),
    ),
  }
}

const repeats = (names: string[]): number => names.length - new Set(names).size

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0)

const tally = (names: string[]): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}
