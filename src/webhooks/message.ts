import { createHash } from 'node:crypto'
import { sourceOf, typeOf } from '../fan-in/cloud-event.ts'
import type { RunFact } from '../fan-in/run-fact.ts'

/** What is posted of a fact: the same at each attempt and after each restart. */
export interface WebhookMessage {
  /** The header webhook-id: a receiver that has it already has the fact. */
  id: string
  /** A CloudEvent in structured mode. */
  body: string
}

export interface MessageOptions {
  prefix: string
  includeEvents: boolean
  /** W3C trace context, where the record that told the fact has one. */
  traceparent?: string
}

export const CONTENT_TYPE = 'application/cloudevents+json'

export const messageFor = (
  fact: RunFact,
  { prefix, includeEvents, traceparent }: MessageOptions,
): WebhookMessage => {
  const { threadId, id, time } = fact
  const source = sourceOf(prefix, threadId)
  // Ids are unique within their source. A hash, since both may hold any character, and a header may not.
  const hash = createHash('sha256')
    .update(JSON.stringify([source, id]))
    .digest('base64url')
  // Ends that came in parts are whole by now.
  const { events, part: _part, parts: _parts, ...rest } = fact
  const event = {
    specversion: '1.0',
    type: typeOf(fact.fact),
    source,
    id,
    ...(isTime(time) && { time: new Date(time).toISOString() }),
    subject: encodeURIComponent(threadId),
    datacontenttype: 'application/json',
    ...(traceparent !== undefined && { traceparent }),
    data: { ...rest, ...(includeEvents && { events }) },
  }
  return { id: `msg_${hash.slice(0, 32)}`, body: JSON.stringify(event) }
}

const isTime = (ms: number): boolean => !Number.isNaN(new Date(ms).getTime())
