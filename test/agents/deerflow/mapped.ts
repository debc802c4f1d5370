import type { BaseEvent, Message } from '@ag-ui/client'
import { verifyEvents } from 'ag-ui-client-v1'
import { from, lastValueFrom, toArray } from 'rxjs'
import { Mapping } from '../../../src/agents/deerflow/mapping.ts'
import { RunEvents } from '../../../src/agents/run-events.ts'
import { applied } from '../../../src/run/applied.ts'
import type { AnyEvent } from '../../../src/run/event.ts'

export type Told = readonly [mode: string, data: unknown]
export const IDS = { threadId: 't', runId: 'r' }
export const USER: Message = { id: 'u', role: 'user', content: 'Hello' }

/** A run made of frames alone: checked by the verifier of 1.x, and applied by the client of 0.0.59. */
export const map = async (
  frames: readonly Told[],
  { messages = [USER] as Message[], state = {} as object } = {},
) => {
  const emitted: BaseEvent[] = []
  const events = new RunEvents((event) => void emitted.push(event))
  events.emit({ type: 'RUN_STARTED', ...IDS })
  const mapping = new Mapping(events, { messages, state })
  for (const [mode, data] of frames) mapping.take({ mode, namespace: [], data })
  mapping.snapshot()
  events.close()
  events.emit({ type: 'RUN_FINISHED', ...IDS })
  const copies = from(structuredClone(emitted)) as never as ReturnType<ReturnType<typeof verifyEvents>>
  await lastValueFrom(copies.pipe(verifyEvents(false), toArray()))
  const told = emitted as unknown as AnyEvent[]
  const after = await applied([emitted], { messages, state })
  return { mapping, events: told.slice(1, -1), types: told.slice(1, -1).map(({ type }) => type), ...after }
}

export const ai = (content: unknown, more: object = {}): Told => [
  'messages',
  [{ type: 'AIMessageChunk', id: 'a', content, ...more }, {}],
]
export const whole = (content: string, more: object = {}) => ({ type: 'ai', id: 'a', content, ...more })
export const result = (tool_call_id: string, content: unknown, more: object = {}): Told => [
  'messages',
  [{ type: 'tool', id: `result-${tool_call_id}`, tool_call_id, content, ...more }, {}],
]
export const callChunk = (
  index: number | null,
  args: string,
  id: string | null = null,
  name: string | null = null,
) => ({
  tool_call_chunks: [{ index, args, id, name }],
})
