import type { RunFact } from '../../src/fan-in/run-fact.ts'
import type { ThreadFacts } from './history.ts'
import type { ShownRun } from './shown-runs.ts'

/** A record of the runs topic, by plain JSON. */
export type Told = RunFact

/** Promise 11: what consumers of the runs topic are told of a run, once all commands are committed. */
export const checkTold = (
  runId: string,
  facts: ThreadFacts,
  run: ShownRun | undefined,
  told: readonly Told[],
  violations: string[],
): void => {
  const ends = told.filter(({ id }) => id.endsWith('/ended'))
  const isTurnedAway = told.some(({ fact }) => fact === 'rejected')
  const rejected = facts.rejected.get(runId)
  if (ends.length === 0 && !isTurnedAway) violations.push(`11: nobody was told how ${runId} ended`)
  if (run !== undefined && ends.length === 0)
    violations.push(`11: nobody was told the end of ${runId}, which was shown`)
  // Behind a claim it counts only where that claim is void: then nothing of the run is shown.
  if (isTurnedAway && (rejected === undefined || (rejected.afterClaim && run !== undefined)))
    violations.push(`11: ${runId} was told to be rejected, and its thread knows nothing of it`)
  const [first, ...again] = ends.map((end) => JSON.stringify(end))
  if (again.some((text) => text !== first))
    violations.push(`11: the end of ${runId} was told in different words`)
  const shown = run?.events.at(-1)
  const last = ends[0]?.events.at(-1)?.event
  if (shown !== undefined && last !== undefined && JSON.stringify(last) !== JSON.stringify(shown))
    violations.push(`11: ${runId} ended with ${JSON.stringify(shown)}, and ${JSON.stringify(last)} was told`)
}
