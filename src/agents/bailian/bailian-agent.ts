import { type AgentEnd, type AgentRun, StreamingAgent } from '../streaming-agent.ts'
import { Completion } from './completion.ts'
import { Conversation } from './conversation.ts'
import { historyOf } from './request.ts'
import type { BailianSettings } from './settings.ts'

/** A published application of Alibaba Cloud Model Studio (Bailian), by DashScope's completion of applications. */
export class BailianAgent extends StreamingAgent<BailianSettings> {
  protected override secrets(): readonly string[] {
    return [this.settings.api_key, ...textsIn(this.settings.variables.user_defined_tokens)]
  }

  protected override async play(run: AgentRun): Promise<AgentEnd> {
    const { settings } = this
    const { memory, input } = run
    const { forwardedProps } = input
    const hasHistory = historyOf(input).length > 0
    const conversation = new Conversation({ memory, settings, forwardedProps, hasHistory })
    const { turn } = conversation
    const completion = new Completion(run, conversation, settings)
    completion.tellUnsent()
    if (turn.lost !== undefined) completion.tellLost(turn.lost, hasHistory)
    try {
      await completion.play(turn)
    } catch (error) {
      if (turn.sessionId === undefined || !completion.isSessionLost(error)) throw error
      completion.tellLost('Bailian does not know it any more', hasHistory)
      await completion.play({ withHistory: hasHistory })
    }
    return undefined
  }
}

const textsIn = (value: unknown): string[] => {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}
