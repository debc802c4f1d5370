import type { DifyFrame } from '../../../src/agents/dify/frame.ts'

export const END: DifyFrame = { event: 'message_end' }
export const said = (...answers: string[]): DifyFrame[] =>
  answers.map((answer) => ({ event: 'message', message_id: 'm', answer }))
export const agentSaid = (...answers: string[]): DifyFrame[] =>
  answers.map((answer) => ({ event: 'agent_message', message_id: 'm', answer }))
