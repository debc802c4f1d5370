import { type AgentEnd, type AgentRun, StreamingAgent } from '../streaming-agent.ts'
import { CozeChat } from './coze-chat.ts'
import { resumptionOf } from './resumption.ts'
import type { CozeSettings } from './settings.ts'
import { variablesIn } from './variables.ts'

/** A bot of Coze, by its chat API v3. Each run is one chat of the thread's conversation. */
export class CozeAgent extends StreamingAgent<CozeSettings> {
  protected override secrets(): readonly string[] {
    return [this.settings.api_key]
  }

  protected override async play(run: AgentRun): Promise<AgentEnd> {
    const chat = new CozeChat(run, this.settings)
    const { input } = run
    const { messages } = input
    const variables = variablesIn(input.forwardedProps)
    if (variables !== undefined) chat.memory.update({ variables })
    const { pending } = chat.memory.kept
    const resumption = resumptionOf(pending, input)
    if (pending === undefined || resumption === undefined) return await chat.ask(messages)
    if (resumption.kind === 'outputs') return await chat.submit(pending, resumption.outputs, messages)
    if (resumption.kind === 'dropped') {
      chat.memory.update({ pending: undefined })
      return undefined
    }
    const reply = { id: `${input.runId}-reply`, role: 'user', content: resumption.text } as const
    return await chat.ask([...messages, reply])
  }
}
