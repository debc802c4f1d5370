export { type AgentRouter, type AgentRouterOptions, createAgentRouter } from './agent-router.ts'
