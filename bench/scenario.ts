import type { Bench } from './bench.ts'
import type { Result } from './report/result.ts'

/** A question that the benchmark answers. */
export interface Scenario {
  name: string
  /** For --list. */
  about: string
  run(bench: Bench): Promise<Result[]>
}
