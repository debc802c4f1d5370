import type { BaseEvent } from '@ag-ui/client'

/** Milliseconds by the machine's monotonic clock, which all its processes share. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6

const FILLER = 'The agent says something, a few words at a time. '.repeat(200)

/** A text delta whose JSON has `bytes` bytes, with the moment of its making. */
export const contentEvent = (messageId: string, bytes: number): BaseEvent => {
  const event = { type: 'TEXT_MESSAGE_CONTENT', messageId, delta: '', timestamp: now() }
  const bare = JSON.stringify(event).length
  return { ...event, delta: FILLER.slice(0, Math.max(1, bytes - bare)) } as unknown as BaseEvent
}

export const startEvent = (messageId: string): BaseEvent =>
  ({ type: 'TEXT_MESSAGE_START', messageId, role: 'assistant' }) as unknown as BaseEvent

export const endEvent = (messageId: string): BaseEvent =>
  ({ type: 'TEXT_MESSAGE_END', messageId }) as unknown as BaseEvent

/** How old a content event is. */
export const ageOf = (event: BaseEvent): number => now() - (event.timestamp ?? 0)
