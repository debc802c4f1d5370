export { ERRORS, type ErrorCode, RunnerError } from './errors.ts'
export {
  type ConsumeRunsOptions,
  consumeRuns,
  type EndedRun,
  type RunNews,
  type RunsConsumption,
} from './fan-in/consume-runs.ts'
export type { RunFact, RunFactEvent } from './fan-in/run-fact.ts'
export type { Logger } from './logger.ts'
export type {
  ConnectRequest,
  EmbeddedWorker,
  KafkaAgentRunnerOptions,
  RunRequest,
} from './runner/contract.ts'
export { KafkaAgentRunner } from './runner/kafka-agent-runner.ts'
export type { PoolStatus } from './runner/pool-status.ts'
export type { ReadEvent, RunEvent } from './runner/read-event.ts'
export type { RunStatus, ThreadStatus } from './runner/thread-status.ts'
export type { LocalThread } from './view/local-threads.ts'
export type { ThreadPage, ThreadSummary, ViewStatus } from './view/thread-page.ts'
export type { ThreadQuery } from './view/thread-query.ts'
export type { ViewPlace } from './view/view-place.ts'
export {
  type AgentDefinition,
  type AgentRegistry,
  type AgentSource,
  type Agents,
  createWorker,
  type Worker,
  type WorkerOptions,
} from './worker/index.ts'
