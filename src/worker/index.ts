export type { AgentDefinition, AgentRegistry, AgentSource, Agents } from './agents.ts'
export type { Worker } from './contract.ts'
export { createWorker, type WorkerOptions } from './worker.ts'
