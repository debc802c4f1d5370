import { type BaseEvent, verifyEvents } from '@ag-ui/client'
import { from, lastValueFrom, toArray } from 'rxjs'
import { Answer, type AnswerOptions } from '../../../src/agents/bailian/answer.ts'
import { completionFrame } from '../../../src/agents/bailian/frames.ts'
import { RunEvents } from '../../../src/agents/run-events.ts'
import type { AnyEvent } from '../../../src/run/event.ts'
import { dataOf } from './frame.ts'

/** What frames become, between RUN_STARTED and RUN_FINISHED: a valid run. Message and tool call ids are left out. */
export const mapped = async (
  frames: readonly string[],
  options: Partial<AnswerOptions> = {},
): Promise<AnyEvent[]> => {
  const emitted: BaseEvent[] = []
  const events = new RunEvents((event) => emitted.push(event))
  const answer = new Answer(events, { outputReference: false, ...options })
  events.emit({ type: 'RUN_STARTED', threadId: 't', runId: 'r' })
  for (const frame of frames) if (answer.take(completionFrame.parse(dataOf(frame)))) answer.finish()
  answer.tellUsage()
  events.close()
  events.emit({ type: 'RUN_FINISHED', threadId: 't', runId: 'r' })
  await lastValueFrom(from(structuredClone(emitted)).pipe(verifyEvents(false), toArray()))
  return emitted.slice(1, -1) as never as AnyEvent[]
}

export const textOf = (events: readonly AnyEvent[], type = 'TEXT_MESSAGE_CONTENT'): string =>
  events.map((event) => (event.type === type ? event.delta : '')).join('')

export const ofType = (events: readonly AnyEvent[], ...types: string[]): AnyEvent[] =>
  events.filter(({ type }) => types.includes(type))

export const custom = (events: readonly AnyEvent[], name: string): unknown[] =>
  events.flatMap((event) => (event.type === 'CUSTOM' && event.name === name ? [event.value] : []))
