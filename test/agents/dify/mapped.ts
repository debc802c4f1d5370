import { type BaseEvent, verifyEvents } from '@ag-ui/client'
import { from, lastValueFrom, toArray } from 'rxjs'
import type { DifyFrame } from '../../../src/agents/dify/frame.ts'
import { Mapping, type MappingOptions } from '../../../src/agents/dify/mapping.ts'
import { RunEvents } from '../../../src/agents/run-events.ts'
import type { AnyEvent } from '../../../src/run/event.ts'

export interface Mapped {
  events: AnyEvent[]
  /** Types, with what tells them apart: `CUSTOM dify.files`. */
  types: string[]
  text: string
  reasoning: string
  replaced: string[]
  mapping: Mapping
}

/** What becomes of frames, without a connection; checked by AG-UI's verifier where the run ends well. */
export const mapped = async (
  frames: readonly DifyFrame[],
  options: Partial<MappingOptions> = {},
): Promise<Mapped> => {
  const events: AnyEvent[] = []
  const replaced: string[] = []
  const runEvents = new RunEvents((event) => void events.push(event as never))
  const mapping = new Mapping(runEvents, {
    isWorkflow: false,
    outputKey: 'astrbot_wf_output',
    replace: async (text) => void replaced.push(text),
    ...options,
  })
  const run = { threadId: 't', runId: 'r' }
  runEvents.emit({ type: 'RUN_STARTED', ...run })
  for (const frame of frames) {
    await mapping.take(frame)
    if (mapping.isDone) break
  }
  mapping.end()
  runEvents.close()
  runEvents.emit({ type: 'RUN_FINISHED', ...run })
  await lastValueFrom(from(events as never as BaseEvent[]).pipe(verifyEvents(false), toArray()))
  const inner = events.slice(1, -1)
  return {
    events: inner,
    types: inner.map(({ type, name }) => (name === undefined ? type : `${type} ${name}`)),
    text: joined(inner, 'TEXT_MESSAGE_CONTENT'),
    reasoning: joined(inner, 'REASONING_MESSAGE_CONTENT'),
    replaced,
    mapping,
  }
}

const joined = (events: readonly AnyEvent[], type: string): string =>
  events.map((event) => (event.type === type ? String(event.delta) : '')).join('')

export const custom = ({ events }: Pick<Mapped, 'events'>, name: string): unknown[] =>
  events.filter((event) => event.type === 'CUSTOM' && event.name === name).map(({ value }) => value)
