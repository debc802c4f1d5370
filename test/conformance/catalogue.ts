import type { Topic } from './case.ts'
import { AGENTS } from './cases/agents.ts'
import { CONNECTING } from './cases/connecting.ts'
import { ENDINGS } from './cases/endings.ts'
import { EVENTS } from './cases/events.ts'
import { FAILURES } from './cases/failures.ts'
import { INTERRUPTS } from './cases/interrupts.ts'
import { ONE_AT_A_TIME } from './cases/one-at-a-time.ts'
import { RUNNING } from './cases/running.ts'
import { STARTED_INPUT } from './cases/started-input.ts'
import { STATE } from './cases/state.ts'
import { STOPPED_AGENTS } from './cases/stopped-agents.ts'
import { STOPPING } from './cases/stopping.ts'
import { SUPERSEDING } from './cases/superseding.ts'

/** The suite: each case is put to every runner. */
export const TOPICS: readonly Topic[] = [
  { title: 'Events of a run', cases: EVENTS },
  { title: 'Agents', cases: AGENTS },
  { title: 'The input that RUN_STARTED tells', cases: STARTED_INPUT },
  { title: 'Runs that end early', cases: ENDINGS },
  { title: 'Agents that fail', cases: FAILURES },
  { title: 'One run at a time', cases: ONE_AT_A_TIME },
  { title: 'Superseding (`onConcurrentRun`)', cases: SUPERSEDING },
  { title: 'Is it running?', cases: RUNNING },
  { title: 'Stopping', cases: STOPPING },
  { title: 'Agents that are stopped', cases: STOPPED_AGENTS },
  { title: 'Connecting', cases: CONNECTING },
  { title: 'State', cases: STATE },
  { title: 'Interrupts', cases: INTERRUPTS },
]
