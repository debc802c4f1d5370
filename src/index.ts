export { ERRORS, type ErrorCode, RunnerError } from './errors.ts'
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
export {
  type AgentDefinition,
  type AgentSource,
  type Agents,
  createWorker,
  type Worker,
  type WorkerOptions,
} from './worker/index.ts'
