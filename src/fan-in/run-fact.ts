import { z } from 'zod'
import { END_CAUSES } from '../log/record.ts'
import type { AnyEvent } from '../run/event.ts'

/** What can be told of a run, in the order in which it is. The last four end it; one of them is told of each. */
export const FACTS = ['accepted', 'started', 'rejected', 'finished', 'failed', 'stopped'] as const

export type Fact = (typeof FACTS)[number]

const count = z.number().int().nonnegative()
const name = z.string().min(1)
const eventSchema = z.object({
  /** Of the first raw event that it stands for; the thread's own running number. */
  seq: count,
  /** Raw events that it stands for: deltas of a message or call are joined. */
  count: count.min(1),
  type: z.string(),
  /** When its first raw event was appended, in milliseconds since 1970. */
  time: z.number().optional(),
  /** When its last one was. */
  until: z.number().optional(),
  /** The AG-UI event. */
  event: z.custom<AnyEvent>((event) => typeof (event as AnyEvent | null)?.type === 'string'),
})

const schema = z.object({
  version: z.literal(1),
  /** Of the fact within its thread: who tells it again after a crash gives it the same. */
  id: name,
  fact: z.enum(FACTS),
  threadId: name,
  runId: name,
  commandId: name,
  agentId: z.string(),
  workerId: z.string(),
  /** Milliseconds since 1970: when it happened, by the worker's clock. */
  time: z.number(),
  /** When the run was claimed. */
  startedAt: z.number().optional(),
  /** Of the claim that the run began with. */
  claimId: z.string().optional(),
  /** Why it ended. */
  cause: z.enum(END_CAUSES).optional(),
  /** Of a rejection or a RUN_ERROR. */
  code: z.string().optional(),
  message: z.string().optional(),
  firstSeq: count.optional(),
  lastSeq: count.optional(),
  /** A run whose events are too many for a record ends in several, which are the same whoever tells it. */
  part: count.default(0),
  parts: count.min(1).default(1),
  events: z.array(eventSchema).default([]),
})

/** Something that happened to a run: a record of the runs topic, schemas/run-fact.json. */
export type RunFact = z.output<typeof schema>
export type RunFactEvent = z.output<typeof eventSchema>

export const parseRunFact = (value: unknown): RunFact => schema.parse(value)

export const isEnd = ({ fact }: { fact: string }): boolean => fact !== 'accepted' && fact !== 'started'
