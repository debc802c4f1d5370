import type { Scenario } from '../scenario.ts'
import { firstEvent } from './first-event.ts'
import { latency } from './latency.ts'
import { manyThreads } from './many-threads.ts'
import { memory } from './memory.ts'
import { readers } from './readers.ts'
import { replay } from './replay.ts'
import { shortRuns } from './short-runs.ts'
import { throughput } from './throughput.ts'

export const SCENARIOS: Scenario[] = [
  latency,
  firstEvent,
  throughput,
  shortRuns,
  replay,
  readers,
  manyThreads,
  memory,
]
