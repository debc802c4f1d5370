import type { AbstractAgent, Message, RunAgentInput } from '@ag-ui/client'
import type { RunnerConfig, RunnerInput, WorkerInput } from '../config.ts'
import type { Logger } from '../logger.ts'
import type { ViewPlace } from '../view/view-place.ts'
import type { Agents } from '../worker/agents.ts'

/** The worker inside a runner's process; what it shares with the runner is the runner's to set. */
export type EmbeddedWorker = Omit<WorkerInput, 'kafka' | 'prefix' | 'commandPartitions'> & { agents?: Agents }

export interface KafkaAgentRunnerOptions extends RunnerInput {
  /**
   * True: execute runs in this process, with the very agent given to `run()`. An object also names agents
   * for the commands of other processes. False: submit and read only. @default true
   */
  worker?: boolean | EmbeddedWorker
  /**
   * Keeps a list of all threads with their messages, state and events: for `threads()` and CopilotKit's local
   * thread endpoints. True: in memory, read anew at each start; else in an SQLite file of this process alone,
   * which is caught up from where it was. @default false
   */
  view?: boolean | ViewPlace
  /** @default warnings and errors on standard error */
  logger?: Logger
}

export interface RunRequest {
  threadId: string
  agent: AbstractAgent
  input: RunAgentInput
  /** What it gets while its thread has a run. @default the runner's own `onConcurrentRun` */
  onConcurrentRun?: RunnerConfig['onConcurrentRun']
  /** Part of CopilotKit's contract; the log keeps the messages itself. */
  persistedInputMessages?: Message[]
}

export interface ConnectRequest {
  threadId: string
  /**
   * What the reader has already, and is not given again: everything up to this seq, or up to the event that
   * came with this cursor. @default nothing
   */
  after?: number | string
  /** Stay when the thread is idle, and show later runs too. @default false */
  follow?: boolean
}
