import type { RunFact, RunFactEvent } from '../fan-in/run-fact.ts'
import { stringField } from '../run/event.ts'
import type { Row } from './tables.ts'

interface Draft {
  role: string
  pieces: string[]
  started: number | null
  ended: number | null
}

type Drafts = Map<string, Draft>

/**
 * The messages that came with the run's input, and those that its events tell, each once. A MESSAGES_SNAPSHOT
 * neither adds nor takes away: it repeats the thread. The results of tools are in tool_calls.
 */
export const messageRows = ({ threadId, runId, agentId, events }: RunFact): Row<'messages'>[] => {
  const drafts: Drafts = new Map()
  for (const event of events) takeEvent(drafts, event)
  return Array.from(drafts, ([messageId, { role, pieces, started, ended }]) => {
    const content = pieces.join('')
    return {
      thread_id: threadId,
      run_id: runId,
      agent_id: agentId,
      message_id: messageId,
      role,
      content,
      started,
      ended,
      chars: content.length,
    }
  })
}

const takeEvent = (drafts: Drafts, placed: RunFactEvent): void => {
  const { event, time = null } = placed
  switch (event.type) {
    case 'RUN_STARTED':
      for (const message of messagesOf(event.input)) drafts.set(message.id, inputDraft(message, time))
      return
    case 'TEXT_MESSAGE_START':
    case 'REASONING_MESSAGE_START': {
      const id = stringField(event, 'messageId')
      // One that begins again, as after a restart, takes the place of the first.
      if (id !== undefined) drafts.set(id, { role: roleOf(placed), pieces: [], started: time, ended: time })
      return
    }
    case 'TEXT_MESSAGE_CONTENT':
    case 'TEXT_MESSAGE_CHUNK':
    case 'REASONING_MESSAGE_CONTENT':
    case 'REASONING_MESSAGE_CHUNK':
      add(drafts, placed, stringField(event, 'delta') ?? '')
      return
    case 'TEXT_MESSAGE_END':
    case 'REASONING_MESSAGE_END':
      add(drafts, placed)
  }
}

const add = (drafts: Drafts, placed: RunFactEvent, delta?: string): void => {
  const { event, time = null } = placed
  const until = placed.until ?? time
  // A chunk without an id goes on with the message before it.
  const id = stringField(event, 'messageId') ?? [...drafts.keys()].at(-1)
  if (id === undefined) return
  const known = drafts.get(id)
  const draft = known ?? { role: roleOf(placed), pieces: [], started: time, ended: until }
  if (known === undefined) drafts.set(id, draft)
  if (delta !== undefined) draft.pieces.push(delta)
  draft.ended = until
}

const roleOf = ({ event }: RunFactEvent): string =>
  stringField(event, 'role') ?? (event.type.startsWith('REASONING') ? 'reasoning' : 'assistant')

interface InputMessage {
  id: string
  role?: unknown
  content?: unknown
}

const messagesOf = (input: unknown): InputMessage[] => {
  const { messages } = (input ?? {}) as { messages?: unknown }
  return Array.isArray(messages) ? messages.filter((message) => typeof message?.id === 'string') : []
}

const inputDraft = ({ role, content }: InputMessage, time: number | null): Draft => ({
  role: typeof role === 'string' ? role : 'user',
  pieces: content == null ? [] : [typeof content === 'string' ? content : JSON.stringify(content)],
  started: time,
  ended: time,
})
