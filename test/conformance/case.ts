import type { Stage } from './stage.ts'

export type RunnerName = 'memory' | 'embedded' | 'remote'

export const KAFKA: readonly RunnerName[] = ['embedded', 'remote']
export const REMOTE: readonly RunnerName[] = ['remote']
export const MEMORY: readonly RunnerName[] = ['memory']

/** What a case brought to light, and which versions of AG-UI's client reject one of the streams it was given. */
export interface Observation {
  outcome: unknown
  rejectedBy: string[]
}

/** Where a runner does otherwise, on purpose (ours) or by mistake (the peer). */
export interface Difference extends Partial<Observation> {
  by: readonly RunnerName[]
  /** For the table: what it does instead. */
  instead: string
  /** Why that is so, or why ours does not do the same. */
  because: string
}

/** One behaviour, put to every runner. */
export interface Case {
  /** A sentence about a runner, without its subject. */
  title: string
  observe(stage: Stage): Promise<unknown>
  expected: unknown
  differs?: Difference
  /** Why the streams of this case are not put to AG-UI's clients: its agents break AG-UI's rules themselves. */
  unverified?: string
  /** Streams are put to AG-UI's clients with faults that are known from other cases. */
  asGiven?: boolean
  /** Runs while no other case of the runner does. */
  alone?: boolean
}

export interface Topic {
  title: string
  cases: readonly Case[]
}

/** What the case expects of a runner. */
export const expectationOf = ({ expected, differs }: Case, name: RunnerName): Observation => {
  const same: Observation = { outcome: expected, rejectedBy: [] }
  if (differs === undefined || !differs.by.includes(name)) return same
  return {
    outcome: 'outcome' in differs ? differs.outcome : same.outcome,
    rejectedBy: differs.rejectedBy ?? same.rejectedBy,
  }
}
