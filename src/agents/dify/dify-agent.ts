import { type AgentEnd, type AgentRun, StreamingAgent } from '../streaming-agent.ts'
import { ask } from './ask.ts'
import { resume } from './resume.ts'
import { DifySession } from './session.ts'
import type { DifySettings } from './settings.ts'

/** An app of Dify: chat, agent, chatflow, workflow or text generator. */
export class DifyAgent extends StreamingAgent<DifySettings> {
  protected override async play(run: AgentRun): Promise<AgentEnd> {
    const session = new DifySession(run, this.settings)
    const entries = run.input.resume ?? []
    return entries.length > 0 ? resume(session, entries) : ask(session)
  }

  protected override secrets(): readonly string[] {
    return [this.settings.api_key]
  }
}
