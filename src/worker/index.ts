export type { AgentSource, Agents } from './agents.ts'
export { createWorker, type Worker, type WorkerOptions } from './worker.ts'
