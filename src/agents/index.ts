export { AgentError } from './agent-error.ts'
export { BuiltInAgent, type BuiltInConfig } from './built-in/built-in-agent.ts'
export type { AgentHooks, HookEnd, HookRun } from './built-in/hooks.ts'
export { type BuiltInOptions, type BuiltInSettings, builtInSettings } from './built-in/settings.ts'
export {
  type CodeTool,
  defineTool,
  type ToolContext,
  type ToolDefinition,
} from './built-in/tools/code-tool.ts'
export { type AgentSpec, defineAgent } from './kit/define-agent.ts'
export { printEvents, type TestAgentOptions, type TestedRun, testAgent } from './kit/test-agent.ts'
export type { Remembered, RemembersThreads, ThreadMemory } from './memory.ts'
export { type ProviderSettings, providerSettings } from './providers/settings.ts'
export type { RunEvents, Usage } from './run-events.ts'
export { type AgentEnd, type AgentRun, StreamingAgent, type StreamingAgentConfig } from './streaming-agent.ts'
