import { DemoAgent } from '../src/demo/demo-agent.ts'
import type { Agents } from '../src/worker/agents.ts'

/**
 * The agents that workers execute, by id. Register yours here, or in a module of your own that looks like
 * this one and is named by `KAR_AGENTS` or `--agents`. Or choose them by a file, without code: docs/agents.md.
 *
 * A function makes a new agent for each run. An instance is cloned for each run.
 */
export default {
  demo: () => new DemoAgent(),
} satisfies Agents
