import {
  type AgentEnd,
  type AgentRun,
  StreamingAgent,
  type StreamingAgentConfig,
} from '../streaming-agent.ts'

export interface AgentSpec extends StreamingAgentConfig {
  /**
   * One run: it says what it has to say through `run.events`, and returns, or throws. AgentError names its own code
   * of the RUN_ERROR; anything else is AGENT_FAILED.
   */
  play(run: AgentRun): Promise<AgentEnd> | Promise<void> | void
  /** What must never be told: taken out of error messages. */
  secrets?: readonly string[]
}

/**
 * An agent of one's own, as a function that makes one for each run: what a module registers. Its run begins and ends
 * by itself, and what it leaves open is closed.
 */
export const defineAgent = ({ play, secrets = [], ...config }: AgentSpec): (() => StreamingAgent<object>) => {
  return () => new DefinedAgent({ play, secrets }, config)
}

class DefinedAgent extends StreamingAgent<Pick<AgentSpec, 'play'> & { secrets: readonly string[] }> {
  protected override async play(run: AgentRun): Promise<AgentEnd> {
    return (await this.settings.play(run)) ?? undefined
  }

  protected override secrets(): readonly string[] {
    return this.settings.secrets
  }
}
