import type { Scenario } from '../scenario.ts'
import { firstEvent } from './first-event.ts'
import { latency } from './latency.ts'
import { shortRuns } from './short-runs.ts'
import { throughput } from './throughput.ts'

export const SCENARIOS: Scenario[] = [latency, firstEvent, throughput, shortRuns]
